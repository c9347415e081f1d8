/*
 * What of the file system a process may still reach: landlock(7), through the system calls
 * themselves (no library wraps them here).
 *
 * Later kernels know more; a rule asks for what the running one knows, and the rest stays open.
 * What is open already stays open: logs, listeners, connections that move.
 */
#ifndef PROC_LANDLOCK_H
#define PROC_LANDLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"

/* The interface's version, 1 and up; or a negative errno value: this kernel has none. */
int landlock_version(void);

struct landlock_plan {
	const struct strings *read;  /* files and directories: everything below may be read */
	const struct strings *write; /* and there everything may be written, made and removed */
	/* As `write`; NULL and what is not there are passed over. */
	const char *const *also;
	unsigned also_count;
};

/*
 * From now on, for this thread and those it makes: files as the plan says, no program is executed,
 * no TCP port bound (version 4), no process outside signalled (version 6).  0; or a negative errno
 * value, with the path it is about in *at, or NULL.
 */
int landlock_enter(const struct landlock_plan *plan, const char **at);

#endif
