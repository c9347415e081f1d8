/*
 * What the master opens before it forks, and closes when all is over: the heritage, and the
 * files that say a server runs.
 */
#ifndef PROC_FOUNDATION_H
#define PROC_FOUNDATION_H

#include "base/shm.h"
#include "proc/heritage.h"

struct foundation {
	struct heritage heritage;
	struct mounts mounts;
	struct shm board, offers;
	int pid_fd;  /* locked while we run; -1: none */
	int told_fd; /* of a daemon: the parent waits for a byte that says it serves; -1: none */
};

/* 0; or, with one line on the error log and nothing left open, an exit status. */
int foundation_open(struct foundation *f, const struct conf *conf);
void foundation_close(struct foundation *f);

/* Every worker is ready: lets go the process that started the daemon. */
void foundation_tell_started(struct foundation *f);

#endif
