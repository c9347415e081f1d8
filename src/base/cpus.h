/*
 * How many CPUs this process may really use: not the machine's, but what affinity (taskset,
 * cpuset) and the control group's quota leave of them.
 */
#ifndef BASE_CPUS_H
#define BASE_CPUS_H

#include <stddef.h>

struct cpus {
	unsigned online; /* of the machine */
	unsigned affine; /* of those, the ones we may run on */
	double quota;    /* CPUs' worth of time the control group gives; 0: no limit */
};

/* Never fails: what cannot be found out is no limit. */
void cpus_read(struct cpus *c);

/* At least 1.  A part of a CPU counts as one: 1.5 keep two workers busy three quarters each. */
unsigned cpus_usable(const struct cpus *c);

/* "2 of 8 CPUs (4 by affinity, 1.5 by cgroup quota)", or "8 CPUs". */
void cpus_describe(const struct cpus *c, char *text, size_t text_bytes);

#endif
