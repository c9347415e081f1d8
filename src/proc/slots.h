/*
 * A worker's threads: one leader, M slots, and the baton between them.
 *
 * There are M + 1 threads for M slots.  One at a time, the leader, holds the baton: it alone
 * runs the loop.  When it takes a request from the ready queue it either
 *
 *	passes the baton	to a waiting thread, then runs the handler (a route known to be slow),
 *	keeps the baton		un-woken, runs the handler, and turns back to the loop (a fast one).
 *
 * A kept baton is watched: the longest-waiting thread ticks every `promote_after` while
 * handlers run on kept batons, and takes the baton from a leader that has been away from
 * the loop for longer.  So a fast handler costs no wake-up, and one that turns out slow
 * holds up nobody for more than about two ticks.
 *
 *	waiting --called--> leading --passes the baton, or loses it--> in a slot
 *	   ^                   |                                          |
 *	   +---- finished, somebody leads <-------------------------------+
 *
 * Locks: `lock` guards everything below it that is not atomic.  It is never held while a
 * handler runs, nor in a system call other than waiting for it.
 */
#ifndef PROC_SLOTS_H
#define PROC_SLOTS_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/turnlock.h"
#include "net/conn.h"
#include "net/loop.h"
#include "proc/codel.h"
#include "proc/queue.h"

struct slots;

struct slot_thread {
	struct hand hand;
	struct slots *slots;
	pthread_t thread;
	pid_t thread_id; /* as gdb, top and the board show it */
	pthread_cond_t call;
	bool is_called;
	bool is_started;
};

struct slots {
	struct loop *loop;
	uint64_t promote_after_ns;
	uint32_t generation; /* of the count of free slots: see worker_row */
	struct slot_thread *thread;
	unsigned thread_count, slot_count;
	ev_async wake;
	_Atomic uint32_t *pace_ns; /* a route's usual service time; 0: not known yet */

	uint64_t left_ns;         /* when the leader left the loop; 0: it has not */
	_Atomic uint64_t away_ns; /* the same, while it runs a handler on a kept baton; else 0 */
	_Atomic uint64_t trips;   /* how often it left */
	_Atomic bool watch_sleeps;

	pthread_mutex_t lock;
	struct slot_thread *_Atomic leader; /* written with the lock held; lastwords.c has none */
	struct slot_thread **waiting;       /* [0] is the watch; the last one is called first */
	unsigned waiting_count;
	struct queue ready;        /* wait for a slot */
	struct queue granted;      /* moved here: their slot is reserved */
	struct codel codel;        /* which of those that wait are shed */
	struct queue shed;         /* not to be served: the leader will tell them */
	uint64_t *taken;           /* bitmap of slots in use */
	struct exchange **running; /* of each slot: what its handler answers, or NULL */
	unsigned lost_count;       /* slots written off whose handlers have not come back */
	struct conn *returned, **returned_end;
	bool is_stopped;

	bool has_lock; /* handlers compute one at a time */
	struct turnlock handler_lock;
};

/* A handler that has held its slot for too long, and lost it. */
struct slot_overrun {
	struct exchange *x;
	uint64_t age_ns; /* since its handler started */
	pid_t thread_id; /* whose stack tells what it is at */
	bool has_begun;  /* to answer: the head is out */
};

/* 0 or a negative errno value.  The tallies are the board's, or none with `statistics` off. */
int slots_open(struct slots *s, struct loop *l, unsigned slots, uint64_t promote_after_ns,
	       bool statistics);

/* Runs the calling thread as one of the M + 1 and starts the others; returns after slots_stop(). */
int slots_run(struct slots *s);

/* Every thread leaves when it is idle.  Leader only. */
void slots_stop(struct slots *s);

void slots_close(struct slots *s);

/* A whole request for a slot handler.  Leader only. */
void slots_submit(struct slots *s, struct exchange *x);

/* The same for one that a sibling gave us, usually with a slot reserved for it. */
void slots_submit_moved(struct slots *s, struct exchange *x, bool has_slot);

/* The oldest waiting request, taken out of the queue to be given away, or NULL. */
struct exchange *slots_give_oldest(struct slots *s);

/* The same if the server has kept it waiting for so long. */
struct exchange *slots_give_overdue(struct slots *s, uint64_t waited_ns);

/* Back into the queue's front, what was not given away after all. */
void slots_take_back(struct slots *s, struct exchange *x);
void slots_take_all_back(struct slots *s, struct queue *older); /* the oldest first */

/* A sibling died, perhaps with slots of ours reserved: all reservations are void.  Leader only. */
void slots_recount(struct slots *s);

/*
 * Writes off the next slot held for `limit_ns` or longer: its handler may go on, but answers nobody
 * any more, and the slot is never used again.  False: there is none.  Leader only.
 */
bool slots_write_off(struct slots *s, uint64_t limit_ns, struct slot_overrun *o);

/* How many handlers that were written off still run: such a process cannot end by joining threads. */
unsigned slots_lost(struct slots *s);

/* Connections whose handlers have finished go on.  Leader only, each turn. */
void slots_collect(struct slots *s);

#endif
