/*
 * Where a command has a running server's statistics from: its board, or its statistics listener.
 * Either way it is the document of metrics/stats.h.
 */
#ifndef CMD_SOURCE_H
#define CMD_SOURCE_H

#include "cmd/instance.h"
#include "metrics/snapshot.h"

struct source {
	const char *url; /* NULL: the board */
	struct shm board;
	struct snapshot *snapshot;
};

/* 0, or a negative errno value with a sentence in `why`. */
int source_open(struct source *s, const struct instance *which, const char *url, struct buf *why);
void source_close(struct source *s);

/* Appends the document of the last `window_s` seconds (1, 10 or 60).  As above. */
int source_read(struct source *s, unsigned window_s, struct buf *json, struct buf *why);

/* Has the server that the board belongs to ended?  A listener that is gone does not answer. */
bool source_is_over(const struct source *s);

#endif
