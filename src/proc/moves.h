/*
 * Moves: one connection's way from a worker to another, as the sender and the receiver see it.
 *
 * With a request that waits for a slot, which is reserved at the receiver; or idle, when its
 * worker leaves.  Who owns it meanwhile: offers.h.
 */
#ifndef PROC_MOVES_H
#define PROC_MOVES_H

#include "proc/peers.h"

/*
 * Offers a connection to that worker: it is MOVING until moves_settle() finds it taken (it is
 * gone then) or not (the worker is shunned, and the connection is as it was).  `generation`: of
 * the reserved slot; an idle connection has none, and any will do.  False: it cannot be offered
 * now, nothing has changed.
 */
bool moves_offer(struct peers *p, struct conn *c, unsigned to, uint32_t generation);

/* What became of the offers made. */
void moves_settle(struct peers *p);

/* Takes in what siblings have sent, to the inbox's end. */
void moves_receive(struct peers *p);

#endif
