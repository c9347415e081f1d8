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

/*
 * Statistics processes that leave, after as many reloads in a row: probes are requests, too, and
 * those they have begun to answer are answered.
 */
#define CREW_LEAVING 64

struct crew {
	struct foundation *foundation;
	struct heritage *heritage; /* the foundation's */
	struct reload *reload;
	pid_t *pid; /* of each seat's worker; 0: none */
	unsigned seats;
	pid_t statistics_pid; /* 0: none */
	uint64_t statistics_began_ns;
	struct {
		pid_t pid; /* 0: none */
		uint64_t deadline_ns;
	} leaving[CREW_LEAVING];
	bool needs_no_statistics; /* another server's are there */
	int signal_fd;            /* the master's: a child closes it */
	uint64_t lost;            /* requests that ended with a worker */
	uint64_t begun, died;     /* workers: all; those that ended otherwise than in good order */
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

/* Every second: one that leaves, and hangs, is ended. */
void crew_end_overdue_statistics(struct crew *c, uint64_t now_ns);

/* It leaves, and there will be no other: those of another server answer on the same listener. */
void crew_dismiss_statistics(struct crew *c);

/*
 * The statistics are the last to go: they show the draining.  Waits for the end; unless that is to be
 * quick, what they are asked is answered first.
 */
void crew_stop_statistics(struct crew *c, bool is_quick);

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
