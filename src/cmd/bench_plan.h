/*
 * The schedule of an open loop: when each request is meant to go out, and to which target.
 *
 * Decided by rate, kind of arrivals, weights and seed alone; nothing the server does can
 * change it.  Times and targets are drawn from two streams, so that the order of targets
 * is the same at every rate.
 */
#ifndef CMD_BENCH_PLAN_H
#define CMD_BENCH_PLAN_H

#include <stdint.h>

#include "cmd/bench_target.h"

enum arrival {
	ARRIVAL_POISSON, /* independent users: exponential gaps */
	ARRIVAL_CONSTANT,
};

struct plan {
	enum arrival arrival;
	double rate; /* a second */
	uint64_t issued;
	double at_s; /* the last arrival, for poisson */
	uint64_t gap_state, choice_state;
	unsigned count;
	double weight_below[TARGETS_MAX]; /* running sums */
};

struct planned {
	uint64_t at_ns; /* after the start */
	unsigned target;
};

void plan_init(struct plan *p, enum arrival arrival, double rate, uint64_t seed,
	       const struct targets *t);

/* The next arrival; they come in order and never end. */
struct planned plan_next(struct plan *p);

/* Only the choice of the target, for a closed loop. */
unsigned plan_choose(struct plan *p);

#endif
