/*
 * Reloading: the editions there are, and the way from one to the next.
 *
 *	asked ---> checked in a child ---> opened beside the old one ---> in force ---> renewed
 *	               | refused, or died       | refused                    | no worker gets ready
 *	               v                        v                            v
 *	           the old one stays       the old one stays          the old one is taken back
 *
 * The child comes first since opening an app runs its code: one that crashes or hangs there must
 * not take the master with it.
 */
#ifndef PROC_RELOAD_H
#define PROC_RELOAD_H

#include <sys/types.h>

#include "proc/arbiter.h"
#include "proc/edition.h"

struct reload {
	struct foundation *foundation;
	struct reading reading;
	struct edition *now; /* in force */
	struct edition *old; /* those that workers are still of, or that may be taken back */
	unsigned last_number;
	pid_t checker; /* 0: none */
	bool is_asked_again;
	uint64_t asked_ns;
	uint64_t done; /* how many */
};

/*
 * 0 or -ENOMEM.  The first edition is the foundation's, with the number 1.  `has_relative`, here and
 * below: another master serves on our listeners (upgrade.h).
 */
int reload_open(struct reload *r, struct foundation *f, const struct reading *reading);
void reload_close(struct reload *r, bool has_relative);

/* Begins to check; asked while a check is under way, it does so once more afterwards. */
void reload_ask(struct reload *r);

/* Is that the child that checks?  Then it has ended, with this status of wait(2). */
bool reload_is_checker(const struct reload *r, pid_t pid);

/* The server stops: a check under way is not waited for. */
void reload_drop(struct reload *r);

/* True: a new edition is in force, r->now. */
bool reload_on_checked(struct reload *r, int wait_status);

/* The one with that number (or the present one, if it is not there any more) is in force again. */
void reload_revert(struct reload *r, unsigned number);

/* The present one gets a new number, as if it were another. */
unsigned reload_renumber(struct reload *r);

/* Addresses that are served no more take no more connections. */
void reload_deafen_gone(const struct reload *r);

/* In a child that becomes a worker: what old editions have open is none of its business. */
void reload_leave_to_worker(struct reload *r);

/* Closes the old ones that nobody needs any more. */
void reload_sweep(struct reload *r, const struct arbiter *a, bool has_relative);

#endif
