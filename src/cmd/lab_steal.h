/* How much of the CPUs' time others took from this machine (proc_stat(5): steal). */
#ifndef CMD_LAB_STEAL_H
#define CMD_LAB_STEAL_H

#include <stdint.h>

struct lab_cpu_time {
	uint64_t stolen, all; /* in ticks, since the machine's start */
};

/* What a first line of /proc/stat says; zeros when it cannot be read. */
struct lab_cpu_time lab_cpu_time_of(const char *line);
struct lab_cpu_time lab_cpu_time_now(void);

/* The part of the time between the two, 0 to 1. */
double lab_stolen_part(struct lab_cpu_time before, struct lab_cpu_time after);

#endif
