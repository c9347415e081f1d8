/*
 * What the master opens before it forks, and closes when all is over: the heritage, and the
 * files that say a server runs.
 */
#ifndef PROC_FOUNDATION_H
#define PROC_FOUNDATION_H

#include "base/shm.h"
#include "proc/background.h"
#include "proc/control.h"
#include "proc/heritage.h"
#include "proc/notify.h"
#include "proc/pidfile.h"

struct foundation {
	struct heritage heritage;
	struct mounts mounts;
	struct shm board, offers, crowd, history;
	struct pidfile pidfile;
	struct control control;
	struct background background;
	struct notify notify;
	struct supervisor supervisor; /* what it said at the start: the first configuration goes */
};

/* 0; or, with one line on the error log and nothing left open, an exit status. */
int foundation_open(struct foundation *f, const struct conf *conf);

/* Opens nothing that stays: is it a configuration one can start with?  0 or an exit status. */
int foundation_check(const struct conf *conf);

void foundation_close(struct foundation *f);

/* What can be found wrong without opening anything that others see: 0, or an exit status (logged). */
int foundation_prepare(struct heritage *h, struct mounts *mounts);

/* Gives the mounts' routes their rows on a board that knows others: 0, -ENOSPC or -ENOMEM. */
int foundation_map_routes(struct board *b, struct mounts *m);

/* What a new master that was killed has left beside our own names is removed. */
void foundation_clear_aside(const struct foundation *f);

/* The control socket's name stands on the board, so that it is found by who finds the server. */
void foundation_show_control(struct foundation *f);

/* Every worker is ready: lets go whoever started us. */
void foundation_settle(struct foundation *f);

/* In a child that becomes a worker: lets go what is the master's alone. */
void foundation_leave_to_worker(struct foundation *f);

#endif
