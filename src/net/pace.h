/*
 * How fast a client takes what it is sent, and whether that is fast enough.
 *
 * Decides only: whoever sends says what has been taken, and cuts the connection.
 */
#ifndef NET_PACE_H
#define NET_PACE_H

#include <stdbool.h>
#include <stdint.h>

/* What is asked of a client whose answer waits for it. */
struct pace_limits {
	uint64_t timeout_ns; /* it takes something within so long, and ...; 0: no limit */
	uint64_t rate;       /* ... so many bytes a second, on average over timeout_ns; 0: any */
};

struct pace {
	uint64_t taken;                   /* when last looked */
	uint64_t progress_ns;             /* when it was last seen to take something */
	uint64_t window_ns, window_taken; /* when the average was begun, and from what */
};

enum pace_verdict { PACE_FINE, PACE_STALLED, PACE_SLOW };

/* The answer begins to wait. */
void pace_begin(struct pace *p, uint64_t taken, uint64_t now_ns);

/* The socket took more, so the client must have. */
static inline void pace_progress(struct pace *p, uint64_t now_ns)
{
	p->progress_ns = now_ns;
}

/* Is it time to look?  Looking is a system call. */
bool pace_is_due(const struct pace *p, const struct pace_limits *limits, uint64_t now_ns);

/* `taken`: bytes the client has taken since the connection began. */
enum pace_verdict pace_judge(struct pace *p, const struct pace_limits *limits, uint64_t taken,
			     uint64_t now_ns);

#endif
