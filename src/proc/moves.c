/* Offering connections, settling offers, taking connections in.  Runs in: leader. */
#include "proc/moves.h"

#include "base/clock.h"
#include "proc/letter.h"
#include "proc/service.h"
#include "proc/worker.h"

/* An offer not taken for so long is taken back: its receiver hangs, or is not scheduled. */
#define PATIENCE_NS (20 * NS_PER_MS)

static void count(struct hand *h, enum counter which)
{
	if (h->tally)
		tally_count(h->tally, which, 1);
}

static struct offers *my_offers(const struct peers *p)
{
	return &p->worker->heritage->offers[p->worker->index];
}

/* --- sending ------------------------------------------------------------------- */

/* Rows of a predecessor that was killed are still in use until their receivers have looked. */
static int free_row(const struct peers *p)
{
	for (int i = 0; i < OFFERS_EACH; i++)
		if (!p->moving[i].conn && offer_state(&my_offers(p)->offer[i]) == OFFER_NONE)
			return i;
	return -1;
}

bool moves_offer(struct peers *p, struct conn *c, unsigned to, uint32_t generation)
{
	static const struct stamps none;
	const struct heritage *h = p->worker->heritage;
	int i = free_row(p);

	if (i < 0)
		return false;
	struct offer *o = &my_offers(p)->offer[i];
	struct letter letter = {
		.from = p->worker->index,
		.offer = (uint32_t)i,
		.word = offer_open(o, to, c->x ? &c->x->stamps : &none),
		.generation = generation,
	};
	if (letter_send(h->channels[to].inbox[1], &letter, c) < 0) {
		offer_take_back(o, letter.word);
		return false;
	}
	p->moving[i] = (struct moving){
		.conn = c,
		.word = letter.word,
		.since_ns = p->worker->loop.now_ns,
		.to = to,
		.generation = generation,
	};
	p->moving_count++;
	conn_set_state(c, CONN_MOVING);
	ev_timer_again(p->worker->loop.ev, &p->retry);
	return true;
}

static void end_move(struct peers *p, unsigned i)
{
	p->moving[i].conn = NULL;
	p->moving_count--;
}

static void let_go(struct peers *p, unsigned i)
{
	struct loop *l = &p->worker->loop;
	struct conn *c = p->moving[i].conn;

	/*
	 * In this order: killed in between, we count as losing it too, and never less than nothing.
	 */
	offer_end(&my_offers(p)->offer[i]);
	if (c->x && l->hand->tally)
		tally_transfer(l->hand->tally, &c->x->stamps, -1);
	count(l->hand, c->x ? COUNTER_MOVES_OUT : COUNTER_HANDED_OUT);
	end_move(p, i);
	conn_let_go(c);
}

/* Nobody took it: the sibling is left alone until its loop turns again. */
static void take_back(struct peers *p, unsigned i)
{
	struct moving move = p->moving[i];
	struct conn *c = move.conn;

	peers_shun(p, move.to);
	end_move(p, i);
	c->was_moved =
		true; /* the letter, and a copy of the descriptor in it, may still lie there */
	if (!c->x) {
		conn_come_back(c);
		return;
	}
	worker_release_slot(board_worker(p->worker->loop.board, move.to), move.generation);
	count(p->worker->loop.hand, COUNTER_MOVES_REFUSED);
	conn_set_state(c, CONN_BUSY);
	slots_take_back(&p->worker->slots, c->x);
}

static void settle(struct peers *p, unsigned i)
{
	struct offer *o = &my_offers(p)->offer[i];

	switch (offer_state(o)) {
	case OFFER_TAKEN:
		let_go(p, i);
		return;
	case OFFER_REFUSED:
		offer_end(o);
		take_back(p, i);
		return;
	default:
		if (p->worker->loop.now_ns - p->moving[i].since_ns >= PATIENCE_NS &&
		    offer_take_back(o, p->moving[i].word))
			take_back(p, i);
	}
}

void moves_settle(struct peers *p)
{
	for (unsigned i = 0; i < OFFERS_EACH && p->moving_count; i++)
		if (p->moving[i].conn)
			settle(p, i);
}

/* --- receiving ----------------------------------------------------------------- */

static void take_in_idle(struct loop *l, struct letter_in *in)
{
	if (!conn_adopt_idle(l, in->arrival.fd, &in->letter.passport))
		return; /* memory is short: closed with the letter */
	letter_taken(in);
	count(l->hand, COUNTER_HANDED_IN);
}

static void take_in_waiting(struct peers *p, struct letter_in *in)
{
	struct loop *l = &p->worker->loop;
	const struct letter *letter = &in->letter;
	bool has_slot = letter->generation == p->worker->slots.generation;

	struct conn *c = conn_adopt(l, &letter->passport, &in->arrival);
	if (!c) {
		if (has_slot)
			worker_release_slot(l->row, letter->generation);
		return; /* counted as move_lost; the socket is closed with the letter */
	}
	letter_taken(in);
	count(l->hand, COUNTER_MOVES_IN);
	if (l->hand->tally)
		tally_transfer(l->hand->tally, &c->x->stamps, 1);
	service_accept_moved(l, c->x, has_slot);
}

static void take_in(struct peers *p, struct letter_in *in)
{
	struct offer *o = &p->worker->heritage->offers[in->letter.from].offer[in->letter.offer];

	if (!letter_is_whole(in))
		offer_refuse(o, in->letter.word); /* out of descriptors: the sender still has it */
	else if (!offer_take(o, in->letter.word))
		return; /* taken back already */
	else if (in->letter.bytes)
		take_in_waiting(p, in);
	else
		take_in_idle(&p->worker->loop, in);
}

void moves_receive(struct peers *p)
{
	struct letter_in in;

	while (letter_receive(p->inbox.fd, &in) == 0) {
		take_in(p, &in);
		letter_discard(&in);
	}
}
