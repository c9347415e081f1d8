/*
 * The arbiter: what the master does next.  Pure: no system call, no clock of its own.
 *
 *	            all seats ready              TERM                  nobody left
 *	STARTING ------------------> SERVING ------------> DRAINING -------------> exit
 *	   |  a worker fails to boot    |  INT, QUIT          |  deadline: KILL,     ^
 *	   +----------------------------+---------------------+  INT, QUIT or TERM   |
 *	                                v                     v                      |
 *	                              ENDING --------------------- nobody left ------+
 *
 * Each worker has a seat, which is EMPTY, STARTING, or READY.  A seat that falls empty is
 * filled again at once; one that fell empty while STARTING only after a delay that doubles,
 * and too many such failures without any worker getting ready end the server.
 */
#ifndef PROC_ARBITER_H
#define PROC_ARBITER_H

#include <stdbool.h>
#include <stdint.h>

enum arbiter_state { ARBITER_STARTING, ARBITER_SERVING, ARBITER_DRAINING, ARBITER_ENDING };

enum arbiter_event_kind {
	EVENT_BEGIN,  /* once */
	EVENT_READY,  /* seat: its worker reported */
	EVENT_EXITED, /* seat, status: its worker is gone */
	EVENT_SILENT, /* seat: no sign of life for the timeout */
	EVENT_TERM,   /* stop, and finish what is in flight */
	EVENT_QUIT,   /* stop now */
	EVENT_TICK,   /* time has passed */
};

struct arbiter_event {
	enum arbiter_event_kind kind;
	uint64_t now_ns;
	unsigned seat;
	int exit_status; /* of EVENT_EXITED: the exit status, or -1 for a signal */
};

enum action_kind {
	ACTION_SPAWN, /* seat */
	ACTION_DRAIN, /* all workers: finish and leave */
	ACTION_QUIT,  /* all workers: leave now */
	ACTION_KILL,  /* seat: SIGKILL */
	ACTION_KILL_ALL,
	ACTION_READY, /* every seat is ready for the first time */
	ACTION_EXIT,  /* status */
};

struct action {
	enum action_kind kind;
	unsigned seat;
	int status;
};

enum seat_state { SEAT_EMPTY, SEAT_STARTING, SEAT_READY };

struct seat {
	enum seat_state state;
	uint64_t retry_ns; /* EMPTY: when to fill it */
	unsigned failures; /* boots that failed in a row */
};

struct arbiter {
	enum arbiter_state state;
	struct seat *seat;
	unsigned seats;
	uint64_t graceful_ns;
	uint64_t deadline_ns; /* DRAINING, ENDING: when to kill what is left */
	unsigned failures;    /* boots that failed since a worker was last ready */
	int status;           /* to exit with */
};

/* The most actions one event can give. */
#define ARBITER_ACTIONS(seats) ((seats) + 4)

/* Boots that may fail, without any worker getting ready, before the server gives up. */
#define ARBITER_FAILURES 8
#define ARBITER_RETRY_NS 100000000ull       /* doubles each time, */
#define ARBITER_RETRY_MOST_NS 5000000000ull /* up to this */
#define ARBITER_QUIT_NS 2000000000ull       /* time for a quick end before SIGKILL */

/* `seat` points to `seats` of them, any contents. */
void arbiter_init(struct arbiter *a, struct seat *seat, unsigned seats, uint64_t graceful_ns);

/* Writes what is to be done to `actions` and returns how many they are. */
unsigned arbiter_handle(struct arbiter *a, const struct arbiter_event *e, struct action *actions);

/* When the next EVENT_TICK is due; UINT64_MAX: at none. */
uint64_t arbiter_next_tick(const struct arbiter *a);

#endif
