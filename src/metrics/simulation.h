/*
 * Simulating one queue before c slots, first come, first served: what no formula tells, the tails.
 *
 * Kiefer and Wolfowitz's recursion over a heap of the instants at which the slots fall free: a
 * request starts at the later of its arrival and the earliest of them.  Service times are drawn
 * from a measured histogram; times between arrivals are gamma distributed with the mean and the
 * squared coefficient of variation that are asked for (1: a Poisson process).  In bursts, the times
 * between bursts are, with Ca2 over the burst's size: over long times the counts then vary as Ca2 says
 * all the same, which is what was measured of them.
 *
 * The random numbers depend on the seed alone, so that two
 * settings of one seed meet the same requests.
 */
#ifndef METRICS_SIMULATION_H
#define METRICS_SIMULATION_H

#include <stdint.h>

#include "base/hist.h"

/* Service times to draw from, made once of a histogram (Walker and Vose's alias method). */
struct service_times;

/* NULL: the histogram is empty, or memory is short. */
struct service_times *service_times_new(const struct hist_sum *measured);
void service_times_free(struct service_times *t);

/* What the histogram says: mean in seconds, and the squared coefficient of variation. */
void service_times_moments(const struct hist_sum *measured, double *mean_s, double *Cs2);

struct simulation {
	const struct service_times *service;
	double service_factor; /* every service time is multiplied by it */
	double rate;           /* arrivals a second */
	double Ca2;
	unsigned burst; /* so many arrive at one instant; 0 is 1 */
	unsigned slots;
	uint64_t arrivals; /* how many are counted, after a tenth as many that are not */
	uint64_t seed;
};

struct simulated {
	struct hist_sum wait, total; /* of what was counted */
	double waiting_part;         /* how many had to wait at all */
	double utilisation;
};

/* 0 or -ENOMEM.  Above capacity the waits grow with `arrivals`: look at the rate first. */
int simulation_run(const struct simulation *s, struct simulated *out);

#endif
