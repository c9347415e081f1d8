/*
 * Listening sockets: opened by the master, inherited by the workers, never closed while
 * the server serves.
 */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define LISTENER_NAME_BYTES 160

/* What -EEXIST means where a unix socket is to be. */
#define LISTENER_IN_THE_WAY "the file exists and is not a socket"

struct listener {
	int fd;                         /* -1: closed */
	char name[LISTENER_NAME_BYTES]; /* "127.0.0.1:8000", "[::1]:8000", "unix:/run/x" */
	char *path;                     /* of a unix socket: removed at the end, */
	dev_t path_device;              /* if it is still this file */
	ino_t path_inode;
	pid_t owner; /* who opened it, and may remove it; 0: a manager */
	bool is_deaf;
};

struct listener_plan {
	const char *bind; /* host:port, [v6]:port, :port or unix:PATH */
	unsigned backlog;
	bool reuse_port;         /* SO_REUSEPORT: several listeners on one address */
	bool is_ipv6_only;       /* IPV6_V6ONLY */
	bool nodelay;            /* TCP_NODELAY */
	unsigned notsent_bytes;  /* TCP_NOTSENT_LOWAT, 0: the system's */
	unsigned defer_accept_s; /* 0: off */
	unsigned keepalive_s, keepalive_interval_s, keepalive_probes; /* 0: off, the system's */
	/* Of a unix socket; otherwise as the system makes it. */
	bool sets_mode, sets_owner;
	mode_t mode;
	uid_t uid; /* either may be -1: as it is */
	gid_t gid;
};

/*
 * 0; or a negative errno value, with a sentence in why[why_bytes].  A stale unix socket (nobody
 * accepts on it) is replaced; a live one, or a file that is no socket, is refused.
 */
int listener_open(struct listener *l, const struct listener_plan *plan, char *why, size_t why_bytes);

/* Removes a unix socket that nobody accepts on, and nothing else. */
void listener_clear_stale(const char *path);

/*
 * From now on nobody can connect any more, but who has connected can still be accepted: so that a
 * queue can be emptied before its listener is closed.  In every process that shares the socket.
 * Owner only: what a service manager has handed over stays open for who comes next.
 */
void listener_deafen(struct listener *l);

/* Can it be adopted?  A unix socket that is deaf stays so. */
bool listener_can_go_on(const struct listener *l);

/* Two descriptors of one socket?  When one is let go: two that had one name? */
bool listener_is_same(const struct listener *a, const struct listener *b);

/*
 * Takes over a socket that listens already; it is ours from here on, also on failure.  One of ours
 * is from now on as `plan` says, and no longer deaf.  `plan` without bind: it belongs to somebody
 * else, who removes a unix socket's name.
 */
int listener_adopt(struct listener *l, int fd, const struct listener_plan *plan, char *why,
		   size_t why_bytes);

/* The most connections the kernel holds for one listener, whatever backlog it was asked for. */
unsigned listener_backlog_max(void);

/* The next connection, non-blocking; or a negative errno value. */
int listener_accept(const struct listener *l);

/* Closes it here; a unix socket's name is left to one of the two below. */
void listener_let_go(struct listener *l);

/* Closes it here; the owner removes a unix socket's name if nobody else accepts on it. */
void listener_leave(struct listener *l);

/* Closes it here; the owner removes a unix socket's name as well. */
void listener_close(struct listener *l);

#endif
