/*
 * The master: opens what is shared, forks workers, and carries out what the arbiter decides.
 * Single-threaded.  It never parses a request.
 */
#ifndef PROC_MASTER_H
#define PROC_MASTER_H

#include "conf/conf.h"
#include "proc/arbiter.h"

/* Exit statuses of the program. */
#define EXIT_CANNOT_SERVE 1
#define EXIT_BAD_CONFIGURATION 2
#define EXIT_APP_ERROR ARBITER_APP_ERROR /* said by the master itself, when it loads one */

struct reading;

/* Those the master reads wait from now on until it does. */
void master_hold_signals(void);

/*
 * Serves until told to stop; returns the exit status.  `reading`: how to read the configuration
 * again.
 */
int master_run(const struct conf *conf, const struct reading *reading);

#endif
