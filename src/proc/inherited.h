/*
 * Listening sockets that whoever started us has opened: a service manager (socket activation), or
 * an older master of ours that is about to leave.
 *
 * Both hand them over as sd_listen_fds(3) has it.  An older master names each after the address it
 * was opened for, so that it is taken for the same bind, whatever else the configuration has
 * become.  Sockets of a service manager take the place of all binds; one named "admin" that of
 * admin_bind.
 */
#ifndef PROC_INHERITED_H
#define PROC_INHERITED_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/supervisor.h"
#include "net/listener.h"

#define INHERITED_NAME_BYTES \
	512 /* systemd.socket(5) gives up to 255, an older master may give more */

struct inherited_socket {
	int fd;
	char name[INHERITED_NAME_BYTES];
};

struct inherited {
	struct inherited_socket *socket;
	unsigned count;
};

/* 0 or -ENOMEM.  Takes the descriptors over; what is not handed to us is not touched. */
int inherited_open(struct inherited *in, const struct supervisor *s);

/*
 * The same table, zeroed at first, of listeners of our own: descriptors are copied, of each socket
 * one.  0 or a negative errno value.
 */
struct inherited_gift;
int inherited_copy(struct inherited *in, const struct inherited_gift *gift, unsigned count);

/* Closes what nobody took. */
void inherited_close(struct inherited *in);

/* What a socket is for. */
#define INHERITED_BIND "bind"   /* one of an older master */
#define INHERITED_ADMIN "admin" /* the statistics */

/* Takes the first that an older master had opened for `bind`: a descriptor, or -1. */
int inherited_take(struct inherited *in, const char *purpose, const char *bind);

/* How many inherited_take() would give, one after the other. */
unsigned inherited_count_of(const struct inherited *in, const char *purpose, const char *bind);

/* Takes the first of a service manager's, for that purpose (NULL: any but admin): or -1. */
int inherited_take_any(struct inherited *in, const char *purpose);

/* How many inherited_take_any() would give, one after the other. */
unsigned inherited_count(const struct inherited *in, const char *purpose);

/*
 * In a child about to execute a new binary of ours: puts the listeners where it looks for them.
 * What they were opened for is in `bind`, NULL for what was handed to us.  0 or a negative errno
 * value.
 */
struct inherited_gift {
	const struct listener *listener;
	const char *purpose, *bind;
};
int inherited_bequeath(const struct inherited_gift *gift, unsigned count);

#endif
