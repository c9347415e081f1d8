/* The limits the system sets to a process.  Runs in: master. */
#include "proc/rlimits.h"

#include <sys/resource.h>

#include "base/log.h"
#include "proc/arbiter.h"
#include "proc/channels.h"
#include "proc/status.h"

/*
 * Standard input, output and error, the loop's epoll, event and signal descriptors, the life
 * line, logs, the board, the pid file, and what a C library opens for a moment.
 */
#define OWN_DESCRIPTORS 32

/* The master, the statistics process, the threads of its slots and of its feed. */
#define OWN_TASKS (2 + STATUS_SLOTS + 1)

/* A reload has the old workers and the new ones side by side. */
#define GENERATIONS 2

/* Where descriptors are few, so many of them are left to connections before seats get any. */
#define CONNECTIONS_LEAST 32

/* Beside connections and channels. */
static uint64_t other_descriptors(const struct options *o)
{
	return o->bind.count * (o->reuse_port ? o->workers : 1) + 1 + OWN_DESCRIPTORS;
}

uint64_t rlimits_descriptors(const struct options *o)
{
	uint64_t channels = (uint64_t)CHANNEL_DESCRIPTORS * arbiter_seats((unsigned)o->workers);

	return 2 * o->worker_connections + channels + other_descriptors(o);
}

unsigned rlimits_seats(const struct options *o)
{
	unsigned workers = (unsigned)o->workers, most = arbiter_seats(workers);
	unsigned least = arbiter_seats_least(workers);
	uint64_t taken = other_descriptors(o) + CONNECTIONS_LEAST;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 ||
	    limit.rlim_cur >= taken + (uint64_t)CHANNEL_DESCRIPTORS * most)
		return most;
	if (limit.rlim_cur < taken + (uint64_t)CHANNEL_DESCRIPTORS * least)
		return least;
	return (unsigned)((limit.rlim_cur - taken) / CHANNEL_DESCRIPTORS);
}

uint64_t rlimits_tasks(const struct options *o)
{
	return GENERATIONS * o->workers * (o->threads + 1) +
	       OWN_TASKS; /* one leads, the others are in slots */
}

static const struct system_limit {
	int resource;
	const char *what;   /* there may be too few of */
	const char *remedy; /* what to raise */
	const char *option; /* or what to lower */
	uint64_t (*need)(const struct options *o);
} limits[] = {
	{ RLIMIT_NOFILE, "descriptors a process", "LimitNOFILE= in the unit, ulimit -n",
	  "worker_connections", rlimits_descriptors },
	{ RLIMIT_NPROC, "processes and threads a user", "LimitNPROC= in the unit, ulimit -u",
	  "workers or threads", rlimits_tasks },
};

/* What the process may have after doing what can be done. */
static rlim_t raise_limit(int resource, rlim_t need)
{
	struct rlimit now;

	if (getrlimit(resource, &now) < 0 || now.rlim_cur == RLIM_INFINITY || now.rlim_cur >= need)
		return need;

	struct rlimit higher = { .rlim_cur = need, .rlim_max = now.rlim_max };
	if (higher.rlim_max != RLIM_INFINITY && higher.rlim_max < need)
		higher.rlim_max = need;
	if (setrlimit(resource, &higher) == 0)
		return need;
	higher = (struct rlimit){ .rlim_cur = now.rlim_max, .rlim_max = now.rlim_max };
	return setrlimit(resource, &higher) == 0 ? now.rlim_max : now.rlim_cur;
}

void rlimits_raise(const struct options *o)
{
	for (unsigned i = 0; i < sizeof limits / sizeof *limits; i++) {
		const struct system_limit *l = &limits[i];
		rlim_t need = l->need(o), got = raise_limit(l->resource, need);

		if (got < need)
			log_warning(
				"the configuration may need %llu %s, the limit is %llu: raise it "
				"(%s), or lower %s",
				(unsigned long long)need, l->what, (unsigned long long)got,
				l->remedy, l->option);
	}
}
