/*
 * Editions: the configuration as it was read at one time, and what was opened for it: apps,
 * listeners, the access log.
 *
 * The first is opened when the server starts, another one at each reload.  Two live side by side
 * while workers of both do; one whose workers have all gone is closed.  An address that is in both
 * is one socket.
 */
#ifndef PROC_EDITION_H
#define PROC_EDITION_H

#include "proc/arbiter.h"
#include "proc/foundation.h"

/* How the configuration is read, each time. */
struct reading {
	int argc;
	char **argv;
	char **environment; /* as it was then, whatever raw_env has made of ours since */
	int start_fd;       /* the directory the server was started in: paths are relative to it */
	uint64_t workers, threads; /* go before what is read; 0: nothing does */
};

/* The choices of reload_mode, in its order. */
enum reload_mode { RELOAD_ROLLING, RELOAD_ALL };

struct edition {
	struct edition *next; /* in reload.c's list */
	unsigned number;
	struct conf conf; /* unless it is the first one's */
	struct mounts *mounts;
	bool is_first;
	struct heritage heritage; /* as the workers of this edition get it */
};

/* The one the server was started with; the foundation stays its owner.  NULL: memory is short. */
struct edition *edition_first(struct foundation *f, unsigned number);

/*
 * Reads the configuration again and opens what it names, beside `before` and the `older` ones in its
 * list: an address that any of them has open stays that socket.  NULL when anything is wrong, with
 * the reason on the error log.
 */
struct edition *edition_open(const struct reading *r, unsigned number, const struct edition *before,
			     const struct edition *older);

/*
 * The same in a child that leaves it at that: an app that dies when it is opened takes only the
 * child with it.  The exit status for the child.
 */
int edition_check(const struct reading *r, const struct edition *before);

/* What of it the arbiter goes by. */
struct arbiter_policy edition_policy(const struct options *o);

/* From now on workers are forked with this one. */
void edition_put_in_force(const struct edition *e, struct foundation *f);

/*
 * Closes what `stays` (the one in force) does not share.  Unix names on which another master serves
 * (`has_relative`: there is one) stay.
 */
void edition_close(struct edition **e, const struct edition *stays, bool has_relative);

/* At the end, the one in force: what the foundation does not close. */
void edition_forget(struct edition **e);

#endif
