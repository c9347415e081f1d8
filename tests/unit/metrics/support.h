/* A board of three workers with two slots and two routes, and requests to put on it. */
#ifndef TESTS_METRICS_SUPPORT_H
#define TESTS_METRICS_SUPPORT_H

#include "metrics/board.h"

#define WORKERS 3
#define THREADS 2
#define ROUTES 2
#define START_NS (1000 * 1000000000ull) /* the machine has been up for a while */
#define SECOND 1000000000ull
#define MS 1000000ull

/* Every worker has begun at START_NS. */
struct board *open_board(struct shm *m);

/* The way of a request: arrived, read, ready, started, finished, sent, in nanoseconds. */
struct stamps way(uint64_t arrived, uint64_t read, uint64_t ready, uint64_t started,
		  uint64_t finished, uint64_t sent);

/* Takes it through all steps in one thread. */
void serve(struct tally *t, const struct stamps *s, enum flow_id where, unsigned route,
	   unsigned status);

/* A request that spends `ms` in a slot from `at_ns` on, and no time anywhere else. */
void serve_for(struct tally *t, uint64_t at_ns, uint64_t ms);

/* Up to, and including, the place it is in: to be left there. */
void serve_until(struct tally *t, const struct stamps *s, enum flow_id place);

/* A repeatable random number below n. */
uint64_t random_below(uint64_t *seed, uint64_t n);

#endif
