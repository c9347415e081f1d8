/*
 * The crew: the server's processes, one worker a seat, and the statistics.
 *
 * Everything the arbiter asks for that has to do with processes is done here: forking, signals,
 * reaping, and what the board is told about it.
 */
#ifndef PROC_CREW_H
#define PROC_CREW_H

#include <sys/types.h>

#include "proc/heritage.h"

struct foundation;

struct crew {
	struct foundation *foundation;
	struct heritage *heritage; /* the foundation's */
	pid_t *pid;                /* of each seat's worker; 0: none */
	unsigned seats;
	pid_t statistics_pid; /* 0: none */
	int signal_fd;        /* the master's: a child closes it */
	uint64_t lost;        /* requests that ended with a worker */
};

/* 0 or -ENOMEM. */
int crew_open(struct crew *c, struct foundation *f);
void crew_close(struct crew *c);

/* A worker on that seat: 0 or a negative errno value (logged). */
int crew_spawn(struct crew *c, unsigned seat, unsigned lane);

/* The statistics process, if there is to be one and is none. */
void crew_spawn_statistics(struct crew *c);

/* The statistics are the last to go: they show the draining.  Waits for the end. */
void crew_stop_statistics(struct crew *c);

void crew_signal(const struct crew *c, unsigned seat, int signal);
void crew_signal_all(const struct crew *c, int signal);

/*
 * One worker that is gone, its death told to the board and the log: true, with its seat and exit
 * status (-1: a signal).  False: there is none.
 */
bool crew_reap(struct crew *c, unsigned *seat, int *exit_status);

/* The seat stays empty: nobody will read what lies in its inbox. */
void crew_clear_seat(const struct crew *c, unsigned seat);

#endif
