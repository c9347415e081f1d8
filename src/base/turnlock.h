/*
 * A lock that is held while computing, and handed on to whoever waits: by its holder at a checkpoint,
 * once somebody has waited for `interval_ns`, or when it is given back.
 *
 * It is what CPython's global interpreter lock has been since version 3.2
 * (Antoine Pitrou, "Reworking the GIL", python-dev, October 2009): a waiter that
 * has waited for the interval asks for the lock, and a holder that is asked does
 * not go on before somebody else has had it.  So a thread that computes cannot
 * keep out one that needs the lock for a moment, nor take it back at once.
 */
#ifndef BASE_TURNLOCK_H
#define BASE_TURNLOCK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct turnlock {
	pthread_mutex_t mutex;
	pthread_cond_t freed;  /* it may be taken */
	pthread_cond_t passed; /* somebody has taken it since it was asked for */
	uint64_t interval_ns;
	uint64_t turns;        /* how often it has been taken */
	_Atomic bool is_asked; /* the holder is to hand it on */
	bool is_held;
};

void turnlock_init(struct turnlock *l, uint64_t interval_ns);
void turnlock_fini(struct turnlock *l);

/* Waits for it. */
void turnlock_take(struct turnlock *l);

/* When it was asked for: waits until somebody else has it. */
void turnlock_give(struct turnlock *l);

/* Hands it on if it was asked for, and takes it again; else costs a load. */
static inline void turnlock_checkpoint(struct turnlock *l)
{
	if (!atomic_load_explicit(&l->is_asked, memory_order_relaxed))
		return;
	turnlock_give(l);
	turnlock_take(l);
}

#endif
