/*
 * Going into the background (`daemon`), and what standard error is for meanwhile.
 *
 * Until the server serves, whoever started it waits, and is told on standard error what goes wrong
 * even when the log is a file.  Then the starter leaves with status 0, and a daemon lets its
 * terminal go; one that does not come to serve is waited for, and its status is the starter's.
 */
#ifndef PROC_BACKGROUND_H
#define PROC_BACKGROUND_H

#include "conf/options.h"

struct background {
	int told_fd; /* the starter waits for a byte that says we serve; -1: nobody waits */
};

/*
 * Forks when the options say so; only the child returns.  0 or a negative errno value.  Before
 * any lock, thread or listener.
 */
int background_enter(struct background *b, const struct options *o);

/* We serve. */
void background_tell(struct background *b, const struct options *o);

/* The starter reads the end of the pipe, and waits for our status. */
void background_close(struct background *b);

/* In each process, once it serves: standard error is only the log that was asked for, or nothing. */
void background_settle(const struct options *o);

#endif
