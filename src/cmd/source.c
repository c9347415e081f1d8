/* Statistics of a running server.  Runs in: a command's process. */
#include "cmd/source.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
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

bool source_is_over(const struct source *s)
{
	return s->snapshot && kill(s->snapshot->board->master_pid, 0) < 0 && errno == ESRCH;
}
