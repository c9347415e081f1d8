/* Reading the scheduler's times from /proc.  Runs in: a command's process. */
#include "cmd/cpu_delay.h"

#include <dirent.h>
#include <stdio.h>

#include "base/clock.h"

/* Less than that says more of the start than of the work. */
#define RUN_LEAST_NS (100 * NS_PER_MS)

struct spent {
	uint64_t run_ns, delay_ns;
};

static void add_thread(struct spent *sum, pid_t pid, const char *thread)
{
	unsigned long run_ns, delay_ns;
	char path[300];

	snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", (int)pid, thread);
	FILE *f = fopen(path, "re");
	if (!f)
		return; /* it has ended, or the kernel keeps no such figures */
	if (fscanf(f, "%lu %lu", &run_ns, &delay_ns) == 2) {
		sum->run_ns += run_ns;
		sum->delay_ns += delay_ns;
	}
	fclose(f);
}

static void add_worker(struct spent *sum, pid_t pid)
{
	char path[48];

	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	DIR *tasks = opendir(path);
	for (const struct dirent *d; tasks && (d = readdir(tasks));)
		if (d->d_name[0] != '.')
			add_thread(sum, pid, d->d_name);
	if (tasks)
		closedir(tasks);
}

double cpu_delay_of_workers(const struct snapshot *s)
{
	struct spent sum = { 0 };

	for (unsigned i = 0; i < s->board->workers_max; i++)
		if (s->worker[i].state == WORKER_READY)
			add_worker(&sum, s->worker[i].pid);
	return sum.run_ns < RUN_LEAST_NS ? 0 : (double)sum.delay_ns / (double)sum.run_ns;
}
