/*
 * How long the workers' threads wait for a CPU, as the
 * kernel accounts for it (proc_pid_schedstat(5)).
 */
#ifndef CMD_CPU_DELAY_H
#define CMD_CPU_DELAY_H

#include "metrics/snapshot.h"

/*
 * Time in which threads could have run and waited for a CPU, over the time in which they ran; of all
 * threads of all workers since they began, so that times of much work count most.  0: not known.
 */
double cpu_delay_of_workers(const struct snapshot *s);

#endif
