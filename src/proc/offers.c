/* Ownership of moving connections.  Runs in: leader; offers_bequeath in the master. */
#include "proc/offers.h"

#define STATE_BITS 3

static uint64_t with_state(uint64_t word, enum offer_state state)
{
	return (word >> STATE_BITS) << STATE_BITS | state;
}

static enum offer_state state_of(uint64_t word)
{
	return (enum offer_state)(word & ((1u << STATE_BITS) - 1));
}

static bool step(struct offer *o, uint64_t from, enum offer_state to)
{
	return atomic_compare_exchange_strong(&o->word, &from, with_state(from, to));
}

int offers_open(struct shm *table, unsigned workers)
{
	return shm_open_new(table, "littled-offers", workers * sizeof(struct offers));
}

uint64_t offer_open(struct offer *o, unsigned to, const struct stamps *stamps)
{
	uint64_t number = (atomic_load(&o->word) >> STATE_BITS) + 1;
	uint64_t word = number << STATE_BITS | OFFER_OPEN;

	o->stamps = *stamps;
	atomic_store(&o->to, to);
	atomic_store(&o->word, word);
	return word;
}

bool offer_take_back(struct offer *o, uint64_t word)
{
	return step(o, word, OFFER_NONE);
}

void offer_end(struct offer *o)
{
	atomic_store(&o->word, with_state(atomic_load(&o->word), OFFER_NONE));
}

bool offer_take(struct offer *o, uint64_t word)
{
	return step(o, word, OFFER_TAKEN) || step(o, with_state(word, OFFER_ORPHAN), OFFER_NONE);
}

void offer_refuse(struct offer *o, uint64_t word)
{
	step(o, word, OFFER_REFUSED);
}

void offers_forget_orphans(struct offers *table, unsigned workers, unsigned to)
{
	for (unsigned i = 0; i < workers * OFFERS_EACH; i++) {
		struct offer *o = &table[i / OFFERS_EACH].offer[i % OFFERS_EACH];
		uint64_t word = atomic_load(&o->word);

		if (state_of(word) == OFFER_ORPHAN && atomic_load(&o->to) == to)
			step(o, word, OFFER_NONE);
	}
}

enum offer_state offer_state(const struct offer *o)
{
	return state_of(atomic_load(&o->word));
}

void offers_bequeath(struct offers *o, struct tally *dead)
{
	for (unsigned i = 0; i < OFFERS_EACH; i++) {
		struct offer *offer = &o->offer[i];
		uint64_t word = atomic_load(&offer->word);

		if (state_of(word) == OFFER_OPEN && !step(offer, word, OFFER_ORPHAN))
			word = atomic_load(&offer->word); /* taken or refused this moment */
		bool has_request = offer->stamps.at[STAMP_READ] != 0;

		if (has_request && (state_of(word) == OFFER_OPEN || state_of(word) == OFFER_TAKEN))
			tally_transfer(dead, &offer->stamps, -1);
		if (state_of(word) == OFFER_TAKEN || state_of(word) == OFFER_REFUSED)
			offer_end(offer);
	}
	atomic_store(&o->is_poked, 0);
}
