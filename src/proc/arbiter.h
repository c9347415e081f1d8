/*
 * The arbiter: what the master does next.  Pure: no system call, no clock of its own.
 *
 *	              enough are ready             TERM                 drain_delay over
 *	   STARTING -------------------> SERVING ----------> UNREADY ----------------------.
 *	      |  a worker cannot start      |  (serves on; the probe says no)              |
 *	      |  INT, QUIT                  |  INT, QUIT                 INT, QUIT, TERM   v
 *	      +-----------------------------+-----------------+------------------------ DRAINING
 *	                                                      v                            |
 *	      exit <---- nobody left ------------------------ ENDING <--- INT, QUIT, TERM -+
 *	        ^                                                                          |
 *	        +-------- nobody left (past graceful_timeout: the rest is killed) ---------+
 *
 * Workers sit on seats; there are more seats than workers, so that the new can be ready before
 * the old leave:
 *
 *	           spawn             ready             retire, or it leaves by itself
 *	   EMPTY --------> STARTING -------> READY ----------------------------------> RETIRING
 *	     ^  ^              |  silent      |  silent                                   |
 *	     |  |              v              v                       past its deadline:  |
 *	     |  |            DOOMED: its state is logged, then it is killed        killed |
 *	     |  +---------------- gone ----------------------------------------- gone ----+
 *	     +--- gone, before it was ready: the next is started after a delay, which doubles
 *
 * A worker is STALE when its edition of the configuration is not the present one, or when it
 * wants relief (it has served its number of requests, takes too much memory, has a slot that
 * hangs).  After each event two rules hold, and they are all there is to reloading, recycling,
 * more and fewer workers, and to replacing the dead:
 *
 *	fill      while fewer than `workers` fresh ones are there or on their way, one is
 *	          started, unless that made more than `workers` + 1 in service or on their way
 *	          (all_at_once: twice `workers`);
 *	relieve   while more than `workers` are ready, one retires: stale ones before fresh ones,
 *	          older ones before younger ones (all_at_once: when the fresh suffice).
 *
 * RETIRING, a worker has graceful_timeout.  One that was never ready has little time, for it has
 * nothing to finish; one with a slot that hangs has at least what its other slots may take.
 *
 * Each worker has a lane, a number below `workers`, and fresh ones share a lane only when there are
 * too many of them: with reuse_port it says from which listeners a worker accepts.
 *
 * An edition of which no worker ever got ready is given up: the one before is taken back.
 */
#ifndef PROC_ARBITER_H
#define PROC_ARBITER_H

#include <stdbool.h>
#include <stdint.h>

enum arbiter_state {
	ARBITER_STARTING,
	ARBITER_SERVING,
	ARBITER_UNREADY,
	ARBITER_DRAINING,
	ARBITER_ENDING
};

enum arbiter_event_kind {
	EVENT_BEGIN,    /* once */
	EVENT_READY,    /* seat: its worker reported */
	EVENT_WISH,     /* seat: its worker wants to be replaced */
	EVENT_LEAVING,  /* seat: its worker takes no more, told to or by itself */
	EVENT_EXITED,   /* seat, status: its worker is gone */
	EVENT_UNFORKED, /* seat: its worker could not be made */
	EVENT_SILENT,   /* seat: no sign of life for the timeout */
	EVENT_EDITION,  /* edition, policy: a configuration to serve from now on */
	EVENT_WORKERS,  /* workers: so many are wanted from now on */
	EVENT_TERM,     /* stop, and finish what is in flight */
	EVENT_QUIT,     /* stop now */
	EVENT_TICK,     /* time has passed */
	EVENTS
};

/* What of the configuration matters here. */
struct arbiter_policy {
	unsigned workers;
	uint64_t graceful_ns; /* for those who leave */
	uint64_t slot_ns;     /* the longest a handler may hold its slot; 0: any time */
	uint64_t delay_ns;    /* how long TERM has us serve on */
	bool all_at_once;     /* how an edition replaces another */
};

struct arbiter_event {
	enum arbiter_event_kind kind;
	uint64_t now_ns;
	unsigned seat;
	bool is_hurt;    /* of EVENT_WISH: a slot of it hangs, others may be at work */
	int exit_status; /* of EVENT_EXITED: the exit status, or -1 for a signal */
	bool is_killed;  /* of EVENT_EXITED: the signal was SIGKILL, which nobody sends himself */
	unsigned edition, workers;
	struct arbiter_policy policy;
};

enum action_kind {
	ACTION_SPAWN,   /* seat, lane */
	ACTION_RETIRE,  /* seat: stop accepting, give away what is idle, answer the rest, leave */
	ACTION_ABORT,   /* seat: say what it does, and die */
	ACTION_KILL,    /* seat: SIGKILL */
	ACTION_READY,   /* all workers are ready for the first time */
	ACTION_RENEWED, /* the new edition alone takes connections */
	ACTION_REVERT,  /* the new edition cannot be served: the one before is in force again */
	ACTION_UNREADY, /* the probes say so from now on */
	ACTION_DRAIN,   /* all workers: finish and leave */
	ACTION_QUIT,    /* all workers: leave now */
	ACTION_KILL_ALL,
	ACTION_EXIT, /* status */
	ACTIONS
};

struct action {
	enum action_kind kind;
	unsigned seat, lane;
	int status;
};

enum seat_state { SEAT_EMPTY, SEAT_STARTING, SEAT_READY, SEAT_RETIRING, SEAT_DOOMED };

struct seat {
	enum seat_state state;
	unsigned edition, lane;
	bool wants_relief, is_hurt;
	bool was_ready;
	bool takes_none;      /* RETIRING: it has said that it leaves */
	uint64_t ready_ns;    /* since when */
	uint64_t deadline_ns; /* RETIRING, DOOMED: when it is killed */
	unsigned scratch;
};

struct arbiter {
	enum arbiter_state state;
	struct seat *seat;
	unsigned seats;
	struct arbiter_policy policy, policy_before; /* `before`: of edition_before */
	unsigned edition, edition_before; /* the newest one of which a worker got ready */
	bool is_renewing;
	unsigned failures;    /* boots that failed since a worker was last ready */
	uint64_t debt_ns;     /* for early deaths: see ARBITER_DEBT_NS */
	uint64_t debt_at_ns;  /* when it was that much */
	uint64_t retry_ns;    /* no worker is started before */
	uint64_t deadline_ns; /* UNREADY: when to drain; DRAINING, ENDING: to kill what is left */
	int status;           /* to exit with */
};

/* The most actions one event can give. */
#define ARBITER_ACTIONS(seats) (2 * (seats) + 4)

/* How a worker says that it cannot start, and the server then ends; the numbers are gunicorn's. */
#define ARBITER_BOOT_ERROR 3
#define ARBITER_APP_ERROR 4

/* Boots that may fail while nobody serves before the server gives up. */
#define ARBITER_FAILURES 8
#define ARBITER_EDITION_FAILURES 3    /* the same for a new edition, while the old one serves */
#define ARBITER_RETRY_NS 100000000ull /* doubles each time, */
#define ARBITER_RETRY_MOST_NS 5000000000ull /* up to this */
#define ARBITER_QUIT_NS 2000000000ull       /* time for a quick end before SIGKILL */
#define ARBITER_ABORT_NS 2000000000ull      /* time for a doomed one's last words */
#define ARBITER_UNBORN_NS 10000000000ull    /* to leave, for one that was never ready */
#define ARBITER_LOOK_NS 2000000000ull       /* for a worker to see what is past its deadline */

/*
 * A worker that dies so soon after it was ready is an early death.  Its replacement costs CPU time,
 * so it is on credit: it makes a debt, which time pays off.  While that is less than for so many
 * deaths more than there are workers, they are replaced at once; then with delays, as after failed
 * boots.  One killed from outside is no fault of the worker's, and makes a small debt only: whoever
 * kills one after the other sees all replaced at once, and what the kernel kills for its memory
 * again and again costs little all the same.
 */
#define ARBITER_EARLY_NS 1000000000ull
#define ARBITER_EARLY_FREE 4
#define ARBITER_DEBT_NS 10000000000ull
#define ARBITER_DEBT_KILLED_NS 500000000ull
#define ARBITER_DEBT_BEYOND 8 /* deaths beyond the credit that are remembered */

/* Seats for a server of so many workers, and how many workers that many seats allow. */
unsigned arbiter_seats(unsigned workers);
unsigned arbiter_seats_least(unsigned workers); /* room for no worker more, but for a reload */
unsigned arbiter_workers_max(unsigned seats);

/* `seat` points to `seats` of them, any contents.  The first edition's number is `edition`. */
void arbiter_init(struct arbiter *a, struct seat *seat, unsigned seats, unsigned edition,
		  const struct arbiter_policy *policy);

/* Writes what is to be done to `actions` and returns how many they are. */
unsigned arbiter_handle(struct arbiter *a, const struct arbiter_event *e, struct action *actions);

/* All workers wanted are there, or on their way. */
bool arbiter_is_complete(const struct arbiter *a);

/* Does a worker of that edition live, or may it be taken back? */
bool arbiter_needs_edition(const struct arbiter *a, unsigned edition);

/* False once the end has begun: then EVENT_EDITION does nothing. */
bool arbiter_takes_edition(const struct arbiter *a);

/* When the next EVENT_TICK is due; UINT64_MAX: at none. */
uint64_t arbiter_next_tick(const struct arbiter *a);

#endif
