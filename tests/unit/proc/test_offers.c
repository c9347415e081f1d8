/* Who owns a moving connection, step by step and in a race. */
#include "proc/offers.h"

#include <pthread.h>
#include <stdlib.h>

#include "unit.h"

static const struct stamps stamps = {
	.at = { [STAMP_ARRIVED] = 10, [STAMP_READ] = 11, [STAMP_READY] = 12 }
};

START_TEST(an_offer_is_taken_once)
{
	struct offer o = { 0 };
	uint64_t word = offer_open(&o, 1, &stamps);

	ck_assert_int_eq(offer_state(&o), OFFER_OPEN);
	ck_assert(offer_take(&o, word));
	ck_assert(!offer_take(&o, word));
	ck_assert(!offer_take_back(&o, word));
	ck_assert_int_eq(offer_state(&o), OFFER_TAKEN);
	offer_end(&o);
	ck_assert_int_eq(offer_state(&o), OFFER_NONE);
}
END_TEST

START_TEST(what_was_taken_back_cannot_be_taken)
{
	struct offer o = { 0 };
	uint64_t word = offer_open(&o, 1, &stamps);

	ck_assert(offer_take_back(&o, word));
	ck_assert(!offer_take(&o, word));
}
END_TEST

START_TEST(a_late_step_meets_another_number)
{
	struct offer o = { 0 };
	uint64_t first = offer_open(&o, 1, &stamps);

	ck_assert(offer_take_back(&o, first));
	uint64_t second = offer_open(&o, 1, &stamps);
	ck_assert(first != second);
	ck_assert(!offer_take(&o, first));
	offer_refuse(&o, first);
	ck_assert_int_eq(offer_state(&o), OFFER_OPEN);
	ck_assert(offer_take(&o, second));
}
END_TEST

START_TEST(a_refused_offer_is_the_senders_again)
{
	struct offer o = { 0 };
	uint64_t word = offer_open(&o, 1, &stamps);

	offer_refuse(&o, word);
	ck_assert_int_eq(offer_state(&o), OFFER_REFUSED);
	ck_assert(!offer_take(&o, word));
	offer_end(&o);
	ck_assert_int_eq(offer_state(&o), OFFER_NONE);
}
END_TEST

static struct tally *new_tally(void)
{
	struct tally *t = aligned_alloc(64, (sizeof(struct tally) + 63) / 64 * 64);

	memset(t, 0, sizeof *t);
	return t;
}

START_TEST(a_dead_senders_offers_go_on_without_it)
{
	struct shm shm;

	ck_assert_int_eq(offers_open(&shm, 1), 0);
	struct offers *table = shm.at;
	struct tally *dead = new_tally();
	uint64_t open = offer_open(&table->offer[0], 1, &stamps),
		 taken = offer_open(&table->offer[1], 1, &stamps);
	uint64_t refused = offer_open(&table->offer[2], 1, &stamps);

	ck_assert(offer_take(&table->offer[1], taken));
	offer_refuse(&table->offer[2], refused);
	offers_bequeath(table, dead);

	ck_assert(offer_take(&table->offer[0], open)); /* orphaned, and still served */
	for (unsigned i = 0; i < OFFERS_EACH; i++)
		ck_assert_int_eq(offer_state(&table->offer[i]), OFFER_NONE);
	shm_close(&shm);
	free(dead);
}
END_TEST

#define ROUNDS 20000

struct race {
	struct offer offer;
	_Atomic uint64_t word; /* of the round; 0: over */
	_Atomic unsigned taken, answered;
};

static void *receive(void *argument)
{
	struct race *r = argument;
	uint64_t last = 0;

	for (;;) {
		uint64_t word = atomic_load(&r->word);

		if (word == UINT64_MAX)
			return NULL;
		if (word == last)
			continue;
		last = word;
		if (offer_take(&r->offer, word))
			atomic_fetch_add(&r->taken, 1);
		atomic_fetch_add(&r->answered, 1);
	}
}

START_TEST(in_a_race_it_has_exactly_one_owner)
{
	static struct race r;
	unsigned kept = 0;
	pthread_t receiver;

	pthread_create(&receiver, NULL, receive, &r);
	for (unsigned i = 1; i <= ROUNDS; i++) {
		uint64_t word = offer_open(&r.offer, 1, &stamps);

		atomic_store(&r.word, word);
		for (unsigned spin = 0; spin < i % 64; spin++)
			__asm__ volatile("" ::: "memory");
		kept += offer_take_back(&r.offer, word);
		while (atomic_load(&r.answered) < i)
			;
		if (offer_state(&r.offer) == OFFER_TAKEN)
			offer_end(&r.offer);
		ck_assert_int_eq(offer_state(&r.offer), OFFER_NONE);
	}
	atomic_store(&r.word, UINT64_MAX);
	pthread_join(receiver, NULL);
	ck_assert_uint_eq(kept + atomic_load(&r.taken), ROUNDS);
}
END_TEST

UNIT_SUITE_OF(offers, an_offer_is_taken_once, what_was_taken_back_cannot_be_taken,
	      a_late_step_meets_another_number, a_refused_offer_is_the_senders_again,
	      a_dead_senders_offers_go_on_without_it, in_a_race_it_has_exactly_one_owner)
