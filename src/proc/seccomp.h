/*
 * Which system calls a worker may still make: seccomp(2), by libseccomp.
 *
 * The table in seccomp.def is what handlers of a web service do: files, connections, threads, time.
 * No program is started, no privilege changed, nothing mounted, loaded or traced.  What an app
 * needs beyond that is named in the configuration.
 */
#ifndef PROC_SECCOMP_H
#define PROC_SECCOMP_H

#include <stddef.h>

#include "conf/conf.h"

/* What becomes of any other call; as the words of the option, in its order. */
enum seccomp_answer {
	SECCOMP_OFF,
	SECCOMP_LOG,    /* it is made, and the kernel's audit log says so */
	SECCOMP_REFUSE, /* EPERM */
	SECCOMP_KILL    /* the process ends with SIGSYS */
};

/* The first of these names that is no system call's; NULL: all are. */
const char *seccomp_find_unknown(const struct strings *names);

/*
 * From now on, in all threads of this process: the table, and `more`.  It gives up gaining
 * privileges as well.  0 or a negative errno value.
 */
int seccomp_enter(enum seccomp_answer answer, const struct strings *more);

#endif
