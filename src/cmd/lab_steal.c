/* Reading whose the CPUs' time was.  Runs in: the lab's process. */
#include "cmd/lab_steal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* user nice system idle iowait irq softirq steal; what follows is part of user and nice. */
#define FIELDS 8
#define FIELD_IDLE 3
#define FIELD_IOWAIT 4
#define FIELD_STEAL 7

struct lab_cpu_time lab_cpu_time_of(const char *line)
{
	struct lab_cpu_time t = { 0 };
	char *end;

	if (strncmp(line, "cpu ", 4) != 0)
		return t;
	line += 4;
	for (int i = 0; i < FIELDS; i++, line = end) {
		uint64_t ticks = strtoull(line, &end, 10);

		if (end == line)
			break;
		t.all += ticks;
		if (i == FIELD_IDLE || i == FIELD_IOWAIT)
			t.idle += ticks;
		if (i == FIELD_STEAL)
			t.stolen = ticks;
	}
	return t;
}

static double seconds_of(int who)
{
	struct rusage use;

	if (getrusage(who, &use) < 0)
		return 0;
	return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
	       (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) * 1e-6;
}

struct lab_cpu_time lab_cpu_time_now(void)
{
	struct lab_cpu_time t;
	char line[256] = "";
	FILE *f = fopen("/proc/stat", "re");

	if (!f || !fgets(line, sizeof line, f))
		line[0] = '\0';
	if (f)
		fclose(f);
	t = lab_cpu_time_of(line);
	t.own = (seconds_of(RUSAGE_SELF) + seconds_of(RUSAGE_CHILDREN)) *
		(double)sysconf(_SC_CLK_TCK);
	return t;
}

double lab_stolen_part(struct lab_cpu_time before, struct lab_cpu_time after)
{
	if (after.all <= before.all || after.stolen < before.stolen)
		return 0;
	return (double)(after.stolen - before.stolen) / (double)(after.all - before.all);
}

double lab_others_part(struct lab_cpu_time before, struct lab_cpu_time after)
{
	if (after.all <= before.all)
		return 0;
	double all = (double)(after.all - before.all);
	double busy =
		all - (double)(after.idle - before.idle) - (double)(after.stolen - before.stolen);

	return fmax(busy - (after.own - before.own), 0) / all;
}
