/* Statistics of a running server.  Runs in: a command's process. */
#include "cmd/source.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/procfs.h"
#include "cmd/fetch.h"
#include "metrics/stats.h"

int source_open(struct source *s, const struct instance *which, const char *url, struct buf *why)
{
	*s = (struct source){ .url = url, .board = { .fd = -1 } };
	if (url)
		return 0;
	int error = instance_open(&s->board, which, why);
	if (error)
		return error;
	s->snapshot = snapshot_new(s->board.at);
	if (s->snapshot)
		return 0;
	buf_puts(why, strerror(ENOMEM));
	shm_close(&s->board);
	return -ENOMEM;
}

void source_close(struct source *s)
{
	snapshot_free(&s->snapshot);
	shm_close(&s->board);
}

int source_read(struct source *s, unsigned window_s, struct buf *json, struct buf *why)
{
	char path[40];

	if (s->url) {
		snprintf(path, sizeof path, "/stats.json?window=%u", window_s);
		return fetch(s->url, path, json, why);
	}
	snapshot_take(s->snapshot, window_s, clock_mono_ns());
	stats_write_json(json, s->snapshot);
	if (!json->is_short)
		return 0;
	buf_puts(why, strerror(ENOMEM));
	return -ENOMEM;
}

/* Dead, but its parent has not asked for its status yet: it can still be signalled. */
static bool is_zombie(pid_t pid)
{
	char text[256];

	procfs_read(pid, "stat", text, sizeof text);
	const char *name_ends = strrchr(text, ')'); /* "pid (name) state", and the name may be any */
	return name_ends && strncmp(name_ends, ") Z", 3) == 0;
}

bool source_is_over(const struct source *s)
{
	if (!s->snapshot)
		return false;
	pid_t master = s->snapshot->board->master_pid;
	return (kill(master, 0) < 0 && errno == ESRCH) || is_zombie(master);
}
