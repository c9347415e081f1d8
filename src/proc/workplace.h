/*
 * Where the server works: its directory, its umask, its variables (chdir, umask, raw_env).
 *
 * Before anything is opened, since the options' paths are relative to that directory.  The path of
 * the configuration file is not: who loads it again goes back to where the server was started.
 */
#ifndef PROC_WORKPLACE_H
#define PROC_WORKPLACE_H

#include <stddef.h>

#include "conf/options.h"

/* 0, or a negative errno value and a sentence in why[why_bytes]. */
int workplace_enter(const struct options *o, char *why, size_t why_bytes);

/*
 * In a child that executes another program: back to the directory `start_fd`, the umask and the
 * `environment` that the server was started with.  0 or a negative errno value.
 */
int workplace_leave(int start_fd, char **environment);

#endif
