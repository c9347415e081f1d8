/*
 * Acts: what the arbiter's actions come to.  And the master's state, which they share with the events
 * (master.c).
 */
#ifndef PROC_ACTS_H
#define PROC_ACTS_H

#include "proc/arbiter.h"
#include "proc/crew.h"
#include "proc/foundation.h"
#include "proc/reload.h"
#include "proc/upgrade.h"

struct master {
	struct foundation foundation;
	struct arbiter arbiter;
	struct crew crew;
	struct reload reload;
	struct upgrade upgrade;
	struct seat *seat;
	struct action *actions; /* room for what one event gives */
	bool *is_unforked;      /* of each seat: a worker was to be started, and could not be */
	bool has_unforked;
	int signal_fd;
	uint64_t tick_ns; /* when the next second of the ring is due */
	bool is_over;
	int status;
};

static inline struct board *master_board(const struct master *m)
{
	return m->foundation.heritage.board;
}

/* Tells the arbiter, as of now, and does what it decides.  Not from within an act. */
void acts_tell(struct master *m, struct arbiter_event e);

/* Addresses of old editions that are served no more, unless workers still change over. */
void acts_deafen_gone(struct master *m);

#endif
