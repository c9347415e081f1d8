/*
 * What a worker gives up beside its privileges, when the configuration says so: files, system
 * calls, core dumps.
 *
 * After it has started, since an app opens at its start what it may not reach later; before its
 * threads, since landlock(7) holds for those made from then on.
 */
#ifndef PROC_HARDENING_H
#define PROC_HARDENING_H

#include <stddef.h>

#include "proc/heritage.h"

/*
 * Whether the configuration can be had on this system.  0, or a negative errno value and a
 * sentence in why[why_bytes].  -EINVAL: it could not be had on any.
 */
int hardening_check(const struct options *o, char *why, size_t why_bytes);

/* In the master, for all: whether and how large a process that crashes is written to a file. */
void hardening_set_dumps(const struct options *o);

/* As it was before the first of these: also for a program that is to be executed. */
void hardening_restore_dumps(void);

/* In a worker.  0 or a negative errno value (logged): it must not serve then. */
int hardening_enter(const struct heritage *h);

#endif
