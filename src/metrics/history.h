/*
 * The last minutes, a point for each second, for those who draw them.
 *
 * A point holds what the statistics document says of the second before it, so the two agree.  In
 * shared memory, made by the master before it forks: the statistics process adds to it, and the one
 * that replaces it goes on.  The board's ring has totals of all routes, but of a minute only.
 */
#ifndef METRICS_HISTORY_H
#define METRICS_HISTORY_H

#include <stdatomic.h>

#include "base/buf.h"
#include "base/shm.h"
#include "metrics/snapshot.h"

#define HISTORY_POINTS 600
#define HISTORY_WINDOW_S 1

enum point_figure {
#define POINT(key, value) POINT_##key,
#include "metrics/points.def"
#undef POINT
	POINT_FIGURES
};

struct point {
	double figure[POINT_FIGURES];
};

struct history {
	/* Of all points there have been: number n is in place n % HISTORY_POINTS. */
	_Atomic uint64_t count;
	struct point point[HISTORY_POINTS];
};

/* m->at is an empty one.  0 or a negative errno value; shm_close() ends it. */
int history_open(struct shm *m);

/* Of a snapshot over HISTORY_WINDOW_S.  `real_ns`: when, by CLOCK_REALTIME. */
struct point point_of(const struct snapshot *s, uint64_t real_ns);

/* {"time_s": 1.5, ...} */
void point_write_json(struct buf *out, const struct point *p);

/* The oldest makes room.  One process at a time. */
void history_add(struct history *h, const struct point *p);

/* What is there now; the copy may be looked at at leisure. */
void history_copy(struct history *to, const struct history *from);

/* {"points": 2, "time_s": [1.5, 2.5], ...}, oldest first, and a newline. */
void history_write_json(struct buf *out, const struct history *h);

#endif
