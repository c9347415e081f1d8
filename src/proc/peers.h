/*
 * Peers: no request waits in one worker while a slot is idle in another.
 *
 * A free slot belongs to the oldest waiting request of all workers: then the whole server is one
 * queue, first come, first served.  A worker whose own requests are younger leaves the slot to
 * the sibling, for a moment (which a sibling that hangs lets pass).
 *
 * Push: a request that cannot get a slot here is moved, with its connection, to a sibling that
 * has one; the slot is reserved on the board first.  Claim: a slot that falls idle pokes the
 * sibling with the oldest waiting request, which then pushes.
 *
 * Nothing is missed between the two.  A worker first publishes that it has a request waiting
 * and then looks for free slots; a slot is first published as free and then looks for waiting
 * requests; all sequentially consistent: at least one of the two sees the other.
 *
 * A worker that leaves while others stay hands on its idle connections too, so that no client
 * notices: whatever it sends next, it sends to a sibling.
 *
 * How a connection goes over: moves.h; who owns it meanwhile: offers.h.  Only plain TCP and unix
 * connections are here.
 */
#ifndef PROC_PEERS_H
#define PROC_PEERS_H

#include "net/loop.h"
#include "proc/channels.h"
#include "proc/offers.h"

struct worker;

struct peers {
	struct worker *worker;
	struct moving {
		struct conn *conn; /* NULL: this row is not in use */
		uint64_t word, since_ns;
		uint32_t to, generation;
	} moving[OFFERS_EACH];
	unsigned moving_count;
	_Atomic uint64_t *shunned; /* a sibling's heartbeat when it did not answer; 0: none */
	uint32_t deaths_seen;      /* of siblings: see look_after_deaths */
	uint64_t yielding_ns;      /* since when a slot is left to an older request; 0: none is */
	unsigned next;             /* where the search for a free slot begins: spreads the load */
	ev_io inbox, poke;
	ev_timer retry;
};

/* 0 or a negative errno value.  Does nothing for the statistics process. */
int peers_open(struct peers *p, struct worker *w);
void peers_close(struct peers *p);

/* Leader, before it polls: gives away what waits, settles what was offered, asks for more. */
void peers_balance(struct loop *l);

/* Is the oldest request waiting here (nearly) the oldest of all?  Any thread. */
bool peers_is_our_turn(const struct loop *l);

/* The same for the leader, which does not wait for ever for a sibling to use its turn. */
bool peers_may_take(struct loop *l);

/* Is there a sibling that stays, and turns? */
bool peers_have_heir(struct peers *p);

/* Leader, when it leaves: hands on connections in that state, FRESH or IDLE. */
void peers_hand_on(struct peers *p, enum conn_state state);

/* Leader, with nothing else left to do: takes in what has been sent meanwhile. */
void peers_read_last(struct peers *p);

/* Leader: it did not answer, and is left alone until its loop turns. */
void peers_shun(struct peers *p, unsigned peer);

/* Any thread whose slot has fallen idle. */
void peers_claim(struct loop *l, struct hand *h);

#endif
