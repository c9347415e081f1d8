/*
 * A snapshot: a private copy of the board at one instant, and of what came in the window
 * before it.  Every figure that is shown anywhere comes from one.
 *
 * Made once and taken again for each answer; belongs to one thread.  Reads the board only,
 * so a read-only mapping will do.
 */
#ifndef METRICS_SNAPSHOT_H
#define METRICS_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "metrics/board.h"
#include "metrics/law.h"
#include "metrics/totals.h"

#define SNAPSHOT_WINDOW_MAX_S 60

struct slot_view {
	uint32_t state, route; /* the route while busy */
	uint64_t since_ns, served;
	uint32_t thread_id;
};

struct worker_view {
	int32_t pid;
	uint32_t generation, state;
	uint64_t started_ns, heartbeat_ns, oldest_ns;
	uint32_t slots, free_slots, queued, pending;
	uint32_t conns[CONN_STATE_COUNT];
	struct worker_totals done; /* by all the processes that had the row */
};

struct snapshot {
	const struct board *board;
	uint64_t now_ns;
	unsigned slots;       /* wanted: workers x threads */
	struct totals *total; /* since the server's start */

	struct totals *window; /* what came in the window; at_ns is its length */
	struct law law;        /* of the window */
	unsigned most;         /* in flight at once in it: ready or in service */

	uint32_t conns[CONN_STATE_COUNT];
	unsigned rows;
	struct worker_view *worker; /* `rows` of them, room for board->workers_max */
	struct slot_view *slot;     /* of each worker, board->threads_max apart */
	struct worker_totals *done; /* where the tallies' sums arrive */
};

/* NULL when memory is short.  The board must stay mapped. */
struct snapshot *snapshot_new(const struct board *b);
void snapshot_free(struct snapshot **s);

/*
 * Takes it: the window is the one-second total nearest to window_s ago, up to now; less
 * long when the server is younger.
 */
void snapshot_take(struct snapshot *s, unsigned window_s, uint64_t now_ns);

/* Rows are shown while a process has them, or has died in them. */
static inline bool worker_is_shown(const struct worker_view *w)
{
	return w->state != WORKER_ABSENT;
}

#endif
