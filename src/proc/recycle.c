/* Watching over what a worker has served and takes.  Runs in: leader. */
#include "proc/recycle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/log.h"
#include "proc/worker.h"

/* Workers forked together must not all leave together. */
static uint64_t jitter(uint64_t most)
{
	uint64_t n = 0;

	if (!most || getrandom(&n, sizeof n, GRND_NONBLOCK) != sizeof n)
		return 0;
	return n % (most + 1);
}

void recycle_open(struct worker *w)
{
	const struct options *o = w->heritage->options;

	w->recycle = (struct recycle){ .statm_fd = -1 };
	if (o->max_requests)
		w->recycle.requests_max = o->max_requests + jitter(o->max_requests_jitter);
	if (!o->max_worker_memory)
		return;
	w->recycle.statm_fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	if (w->recycle.statm_fd < 0)
		log_warning("worker %u: max_worker_memory is not watched: /proc/self/statm: %s",
			    w->index, strerror(errno));
}

void recycle_count(struct worker *w)
{
	char why[64];

	if (++w->recycle.requests != w->recycle.requests_max)
		return;
	snprintf(why, sizeof why, "it has taken %llu requests",
		 (unsigned long long)w->recycle.requests);
	worker_retire(w, RELIEF_WORN, why);
}

/* Resident and its own: without the board, libraries and what the fork still shares as files. */
static uint64_t memory_bytes(int statm_fd)
{
	unsigned long long size, resident, shared;
	char text[128];
	ssize_t n = pread(statm_fd, text, sizeof text - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	if (sscanf(text, "%llu %llu %llu", &size, &resident, &shared) != 3 || shared > resident)
		return 0;
	return (resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE);
}

void recycle_look(struct worker *w)
{
	uint64_t most = w->heritage->options->max_worker_memory, bytes;
	char why[96];

	if (w->recycle.statm_fd < 0)
		return;
	bytes = memory_bytes(w->recycle.statm_fd);
	if (bytes <= most)
		return;
	snprintf(why, sizeof why, "it takes %.1f MiB of memory (max_worker_memory %.1f MiB)",
		 (double)bytes / (1 << 20), (double)most / (1 << 20));
	worker_retire(w, RELIEF_WORN, why);
}
