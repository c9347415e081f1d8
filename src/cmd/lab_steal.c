/* Reading steal time.  Runs in: the lab's process. */
#include "cmd/lab_steal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* user nice system idle iowait irq softirq steal; what follows is part of user and nice. */
#define FIELDS 8
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
		if (i == FIELD_STEAL)
			t.stolen = ticks;
	}
	return t;
}

struct lab_cpu_time lab_cpu_time_now(void)
{
	char line[256] = "";
	FILE *f = fopen("/proc/stat", "re");

	if (!f || !fgets(line, sizeof line, f))
		line[0] = '\0';
	if (f)
		fclose(f);
	return lab_cpu_time_of(line);
}

double lab_stolen_part(struct lab_cpu_time before, struct lab_cpu_time after)
{
	if (after.all <= before.all || after.stolen < before.stolen)
		return 0;
	return (double)(after.stolen - before.stolen) / (double)(after.all - before.all);
}
