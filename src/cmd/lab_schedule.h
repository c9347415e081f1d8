/*
 * What a schedule of arrivals must meet: the waits of every single request, worked out from the
 * generator's own plan.
 *
 * A theory's mean is of a run without end.  A short run's mean depends
 * on its arrivals, which the generator draws from a seed; so the
 * prediction draws the same ones, and any length of run will do.  Pure.
 */
#ifndef CMD_LAB_SCHEDULE_H
#define CMD_LAB_SCHEDULE_H

#include "cmd/bench_plan.h"

struct lab_schedule {
	enum arrival arrival;
	double rate;
	uint64_t requests, seed;
	const struct targets *targets; /* for their weights */
	const double *service;         /* of each target, in seconds */
	const unsigned *queue;         /* of each target, counted from 0; NULL: one queue for all */
	unsigned queues, slots;        /* slots: of each queue, first come, first served */
	double blocked_from, blocked_to; /* all slots are busy with something else, or stand still */
};

struct lab_waits {
	uint64_t count;
	double *latency; /* of each request, ascending, in seconds */
	double mean_wait, mean_service, longest_wait;
};

/* 0 or -ENOMEM. */
int lab_schedule_waits(const struct lab_schedule *s, struct lab_waits *w);
void lab_waits_fini(struct lab_waits *w);

/* The latency below which the part q of the requests lies, in seconds. */
double lab_waits_quantile(const struct lab_waits *w, double q);
uint64_t lab_waits_count_above(const struct lab_waits *w, double seconds);

#endif
