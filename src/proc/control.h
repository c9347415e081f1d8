/*
 * The control socket: a line in, an answer out, closed.
 *
 * A unix socket for its owner alone (mode 0600).  The master's loop serves it, so nothing here may
 * hold it up: few clients at once, a line of bounded length, an answer kept until the client has
 * taken it, and a deadline for all of it.
 */
#ifndef PROC_CONTROL_H
#define PROC_CONTROL_H

#include <poll.h>
#include <stdint.h>

#include "base/buf.h"
#include "net/listener.h"

#define CONTROL_CLIENTS 8
#define CONTROL_LINE_BYTES 256
#define CONTROL_ANSWER_BYTES_MAX (4u << 20)
#define CONTROL_PATIENCE_NS 5000000000ull
#define CONTROL_REST_NS 100000000ull

/* What control_watch() fills in at most. */
#define CONTROL_FDS (CONTROL_CLIENTS + 1)

struct control_client {
	int fd; /* -1: nobody */
	uint64_t deadline_ns;
	char line[CONTROL_LINE_BYTES];
	size_t len;
	struct buf answer;
	size_t sent;
	bool is_answered;
};

struct control {
	struct listener listener; /* fd -1: there is no control socket */
	char path[LISTENER_NAME_BYTES];
	bool is_aside;
	uint64_t rests_until_ns; /* nobody can be accepted: no descriptors; 0: it does not rest */
	struct control_client client[CONTROL_CLIENTS];
};

/* Answers one line (without its end). */
typedef void control_answer_fn(void *owner, const char *line, struct buf *answer);

/* No control socket: what may be closed before it was ever opened. */
void control_init(struct control *c);

/* Without opening anything: can it be served there?  As control_open(). */
int control_check(const char *path, char *why, size_t why_bytes);

/*
 * `path` NULL: none.  `aside`: as proc/aside.h says, as long as an older master of ours has that
 * name.  0, or a negative errno value and a sentence in why[why_bytes].
 */
int control_open(struct control *c, const char *path, bool aside, char *why, size_t why_bytes);

/* Removes what a master that was killed has left under that other name. */
void control_clear_aside(const struct control *c);
void control_close(struct control *c);

/* The older master is gone: 0 or a negative errno value. */
int control_promote(struct control *c);

/* In a child: the descriptors, but not the socket's name. */
void control_forget(struct control *c);

/* What to poll for, CONTROL_FDS at most: how many they are. */
unsigned control_watch(const struct control *c, struct pollfd *fds);

/* After the poll, with what control_watch() gave. */
void control_serve(struct control *c, const struct pollfd *fds, uint64_t now_ns,
		   control_answer_fn *answer, void *owner);

/* When somebody's patience ends, or our rest; UINT64_MAX: neither. */
uint64_t control_next_ns(const struct control *c);

#endif
