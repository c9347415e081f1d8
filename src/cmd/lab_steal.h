/*
 * What disturbed a measurement: CPU time that the host gave to other machines (proc_stat(5):
 * steal), and CPU time that other processes of this machine had.
 */
#ifndef CMD_LAB_STEAL_H
#define CMD_LAB_STEAL_H

#include <stdint.h>

struct lab_cpu_time {
	uint64_t stolen, idle, all; /* in ticks, since the machine's start */
	double own; /* of this process and of the children it has waited for, in ticks */
};

/* What a first line of /proc/stat says; zeros when it cannot be read. */
struct lab_cpu_time lab_cpu_time_of(const char *line);
struct lab_cpu_time lab_cpu_time_now(void);

/* Parts of the time between the two, 0 to 1. */
double lab_stolen_part(struct lab_cpu_time before, struct lab_cpu_time after);
double lab_others_part(struct lab_cpu_time before, struct lab_cpu_time after);

#endif
