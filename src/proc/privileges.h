/*
 * Who the workers run as.
 *
 * The master stays what it was started as, since it opens ports and logs again later, and it
 * never looks at what comes from a client.  Each worker gives its privileges up before it touches
 * anything of the outside, in the one order that works (groups, group, user: setgroups(2) needs
 * what setuid(2) takes), and then makes sure that there is no way back.
 */
#ifndef PROC_PRIVILEGES_H
#define PROC_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "conf/options.h"

struct identity {
	bool is_other; /* than the master's: the workers must change */
	uid_t uid;
	gid_t gid;
	const char *user; /* whose groups they get as well; NULL: none but gid */
};

/* A name or a number: 0, or -EINVAL and a sentence in why[why_bytes]. */
int privileges_find_user(const char *name, uid_t *uid, char *why, size_t why_bytes);
int privileges_find_group(const char *name, gid_t *gid, char *why, size_t why_bytes);

/*
 * What user, group and initgroups mean on this system.  0, or a negative errno value and a sentence
 * in why[why_bytes]: -EINVAL for what is not known here, -EPERM for what only root can do.
 */
int privileges_resolve(const struct options *o, struct identity *id, char *why, size_t why_bytes);

/*
 * For good.  0; or a negative errno value, -EPERM also when anything is left of what was to be
 * given up: the process must not go on then.
 */
int privileges_drop(const struct identity *id);

/* What this process executes cannot gain privileges either.  0 or a negative errno value. */
int privileges_seal(void);

#endif
