/* Reading memory figures from /proc.  Runs in: a command's process. */
#include "cmd/memory.h"

#include <stdio.h>
#include <string.h>

/* The number behind "Name:" in kB, in bytes; 0 when it is not there. */
static uint64_t read_kib(const char *path, const char *name)
{
	char line[128];
	unsigned long kib = 0;
	size_t len = strlen(name);
	FILE *f = fopen(path, "re");

	while (f && fgets(line, sizeof line, f))
		if (strncmp(line, name, len) == 0 && line[len] == ':' &&
		    sscanf(line + len + 1, "%lu", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return (uint64_t)kib * 1024;
}

uint64_t memory_of_workers(const struct snapshot *s)
{
	uint64_t sum = 0, count = 0;

	for (unsigned i = 0; i < s->board->workers_max; i++) {
		char path[48];

		if (s->worker[i].state != WORKER_READY)
			continue;
		snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)s->worker[i].pid);
		uint64_t bytes = read_kib(path, "Pss");
		sum += bytes;
		count += bytes != 0;
	}
	return count ? sum / count : 0;
}

uint64_t memory_available(void)
{
	return read_kib("/proc/meminfo", "MemAvailable");
}
