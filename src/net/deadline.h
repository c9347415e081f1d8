/*
 * Deadlines: how long a connection may stay as it is.  Pure: times in, a verdict out.
 */
#ifndef NET_DEADLINE_H
#define NET_DEADLINE_H

#include "http/limits.h"
#include "net/loop.h"

/* How long a state may last; 0: for ever.  A request being read has limits of its own, and
 * so has an answer that waits for its client (pace.h).
 */
uint64_t deadline_of_state(const struct loop_limits *l, enum conn_state state);

/* Is what the client sends still read, so long after the server's side has ended? */
bool deadline_may_linger(uint64_t parted_ns);

/* A request that is being read. */
struct reading {
	bool in_body;        /* its head is complete */
	uint64_t quiet_ns;   /* in_body: since the last byte came; else since the first one did */
	uint64_t body_ns;    /* since the head was complete */
	uint64_t body_bytes; /* that have come */
};

/* The limit of time it exceeds, or LIMIT_NONE. */
enum limit deadline_of_request(const struct loop_limits *l, const struct reading *r);

#endif
