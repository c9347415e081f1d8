/*
 * Offers: who owns a connection on its way between two workers.
 *
 * A table in shared memory, some rows for each worker.  The sender keeps its descriptor until
 * the receiver has said TAKEN here, so a connection is always somebody's:
 *
 *	NONE --sender offers--> OPEN --receiver has it--> TAKEN --sender lets go--> NONE
 *	                         | \--receiver could not--> REFUSED --sender takes back--> NONE
 *	                         +--sender waited too long: takes back--> NONE
 *	                         +--sender died: master--> ORPHAN --receiver has it--> NONE
 *
 * Every step is a compare-and-swap on one word that also carries a number, so that a late
 * step finds another number and does nothing.
 */
#ifndef PROC_OFFERS_H
#define PROC_OFFERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "metrics/board.h"

enum offer_state { OFFER_NONE, OFFER_OPEN, OFFER_TAKEN, OFFER_REFUSED, OFFER_ORPHAN };

#define OFFERS_EACH 32 /* connections a worker may have on their way at once */

struct offer {
	_Atomic uint64_t word; /* number << 3 | enum offer_state */
	struct stamps stamps;  /* of the request, if any: written by the sender before OPEN */
	_Atomic uint32_t to;   /* the receiver; the same */
};

struct offers {
	_Alignas(64) _Atomic uint32_t is_poked; /* somebody with a free slot asked this worker for work */
	struct offer offer[OFFERS_EACH];
};

/* The table, a row for each worker: 0 or a negative errno value.  shm_close() ends it. */
int offers_open(struct shm *table, unsigned workers);

/* Sender.  Opens a row that is NONE and returns its word. */
uint64_t offer_open(struct offer *o, unsigned to, const struct stamps *stamps);

/* Sender.  Takes an OPEN offer back; false: the receiver was faster (see the state). */
bool offer_take_back(struct offer *o, uint64_t word);

/* Sender, after TAKEN or REFUSED. */
void offer_end(struct offer *o);

/* Receiver.  False: this offer is no more, what came with it is not ours. */
bool offer_take(struct offer *o, uint64_t word);
void offer_refuse(struct offer *o, uint64_t word);

/*
 * Receiver, when a sibling has died and what it sent has been read: an ORPHAN meant for this
 * worker has no letter, for its sender died before it could send one.
 */
void offers_forget_orphans(struct offers *table, unsigned workers, unsigned to);

enum offer_state offer_state(const struct offer *o);

/*
 * Master: a worker died with offers under way.  Those not yet taken go on without it; in
 * its tallies they are counted as given away.
 */
void offers_bequeath(struct offers *o, struct tally *dead);

#endif
