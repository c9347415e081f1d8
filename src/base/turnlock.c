/* A lock that is handed on.  Runs in: slot. */
#include "base/turnlock.h"

#include <errno.h>

#include "base/clock.h"

void turnlock_init(struct turnlock *l, uint64_t interval_ns)
{
	pthread_condattr_t monotonic;

	*l = (struct turnlock){ .interval_ns = interval_ns };
	pthread_mutex_init(&l->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&l->freed, &monotonic);
	pthread_cond_init(&l->passed, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

void turnlock_fini(struct turnlock *l)
{
	pthread_cond_destroy(&l->passed);
	pthread_cond_destroy(&l->freed);
	pthread_mutex_destroy(&l->mutex);
}

static struct timespec after(uint64_t ns)
{
	uint64_t at = clock_mono_ns() + ns;

	return (struct timespec){ (time_t)(at / NS_PER_S), (long)(at % NS_PER_S) };
}

void turnlock_take(struct turnlock *l)
{
	pthread_mutex_lock(&l->mutex);
	while (l->is_held) {
		uint64_t turns = l->turns;
		struct timespec until = after(l->interval_ns);

		/* Only one who has seen a single holder for the whole interval may ask. */
		if (pthread_cond_timedwait(&l->freed, &l->mutex, &until) == ETIMEDOUT &&
		    l->is_held && l->turns == turns)
			atomic_store_explicit(&l->is_asked, true, memory_order_relaxed);
	}
	l->is_held = true;
	l->turns++;
	atomic_store_explicit(&l->is_asked, false, memory_order_relaxed);
	pthread_cond_broadcast(&l->passed);
	pthread_mutex_unlock(&l->mutex);
}

void turnlock_give(struct turnlock *l)
{
	pthread_mutex_lock(&l->mutex);
	uint64_t turns = l->turns;

	l->is_held = false;
	pthread_cond_signal(&l->freed);
	while (atomic_load_explicit(&l->is_asked, memory_order_relaxed) && l->turns == turns)
		pthread_cond_wait(&l->passed, &l->mutex);
	pthread_mutex_unlock(&l->mutex);
}
