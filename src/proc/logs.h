/*
 * The logs of all processes: opened by the master, inherited by the workers, opened again by each
 * after a rotation.
 *
 * Rotation is by rename: either somebody says so (SIGUSR1), or the next look at the path finds
 * that another file is there, or none.  The master goes first (base/logfile.h says why).
 */
#ifndef PROC_LOGS_H
#define PROC_LOGS_H

#include "proc/heritage.h"

/* 0, or an exit status, with the reason logged. */
int logs_open(struct heritage *h);
void logs_close(struct heritage *h);

/* Opens nothing: 0, or a negative errno value, logged. */
int logs_check_format(const struct options *o);

/*
 * For a new edition: its access log (0, or an exit status, logged), and then its error log (0, or a
 * negative errno value, logged; then the old one stays).
 */
int logs_open_access(struct heritage *h);
int logs_switch(const struct heritage *h);

/* After SIGUSR1. */
void logs_reopen(const struct heritage *h);

/* Now and then: costs two stat(2) a log. */
void logs_follow(const struct heritage *h);

#endif
