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
struct reload;

struct crew {
	struct foundation *foundation;
	struct heritage *heritage; /* the foundation's */
	struct reload *reload;
	pid_t *pid; /* of each seat's worker; 0: none */
	unsigned seats;
	pid_t statistics_pid, statistics_before; /* 0: none */
	int signal_fd;                           /* the master's: a child closes it */
	uint64_t lost;                           /* requests that ended with a worker */
	uint64_t begun, died; /* workers: all; those that ended otherwise than in good order */
};

/* 0 or -ENOMEM. */
int crew_open(struct crew *c, struct foundation *f, struct reload *r);
void crew_close(struct crew *c);

/* A worker on that seat, in that lane of so many: 0 or a negative errno value (logged). */
int crew_spawn(struct crew *c, unsigned seat, unsigned lane, unsigned lanes);

/* Workers there are, whatever they do. */
unsigned crew_count(const struct crew *c);

/* The statistics process, if there is to be one and is none. */
void crew_spawn_statistics(struct crew *c);

/* Another statistics process, for a new edition; then the one before leaves. */
void crew_renew_statistics(struct crew *c);

/* The statistics are the last to go: they show the draining.  Waits for the end. */
void crew_stop_statistics(struct crew *c);

void crew_signal(const struct crew *c, unsigned seat, int signal);
void crew_signal_all(const struct crew *c, int signal);

/*
 * One child that is gone; that of a worker has been told to the board and the log.  False: there is
 * none.
 */
struct crew_death {
	pid_t pid;
	int wait_status; /* of wait(2) */
	bool is_worker;  /* then of that seat: */
	unsigned seat;
};
bool crew_reap(struct crew *c, struct crew_death *d);

/* The seat stays empty: nobody will read what lies in its inbox. */
void crew_clear_seat(const struct crew *c, unsigned seat);

#endif
