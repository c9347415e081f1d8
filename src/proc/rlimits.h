/*
 * The limits the system sets to a process, beside what the configuration needs.
 *
 * The soft limit is raised as far as it must and may be (with CAP_SYS_RESOURCE the hard one, too);
 * what is still missing is said, with what to do about it, and the server goes on: it lives
 * with too few descriptors, only with fewer connections.
 */
#ifndef PROC_RLIMITS_H
#define PROC_RLIMITS_H

#include <stdint.h>

#include "conf/options.h"

/*
 * Descriptors one process may hold at once: for each connection its socket and a file (the
 * answer's, or a body's that did not fit in memory), the listeners and channels of all workers,
 * and those that each process has.
 */
uint64_t rlimits_descriptors(const struct options *o);

/* Processes and threads of the whole server. */
uint64_t rlimits_tasks(const struct options *o);

/*
 * Seats for workers (arbiter.h) that there are descriptors for: each has a channel in every
 * process.  Where the limit is low there are fewer to spare, down to those a reload takes.
 */
unsigned rlimits_seats(const struct options *o);

/* Before the first fork: all processes inherit them. */
void rlimits_raise(const struct options *o);

#endif
