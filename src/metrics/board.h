/*
 * The board: everything the processes tell about themselves, in shared memory.
 *
 *	struct board | worker_row[workers_max] | slot_row[workers_max * threads_max]
 *	             | route_row[routes_max] | tally[tallies] | ring of one-second totals | the master's scratch totals
 *
 * Most of it is never touched, so never takes memory: histograms cost the pages in use.
 *
 * Offsets, no pointers; one writer a cache line (the exceptions are atomic and say so);
 * versioned layout.  Outlives any worker; made by the master before it forks.
 */
#ifndef METRICS_BOARD_H
#define METRICS_BOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/shm.h"
#include "metrics/tally.h"

#define BOARD_MAGIC 0x6c6974746c656421ull
#define BOARD_LAYOUT 3
#define BOARD_RING 64 /* seconds; more than the longest window, 60 */
#define BOARD_ROUTE_NAME 64

enum conn_state {
#define CONN_STATE(NAME, name, text) CONN_##NAME,
#include "metrics/conn_states.def"
#undef CONN_STATE
	CONN_STATE_COUNT
};
extern const char *const conn_state_names[CONN_STATE_COUNT], *const conn_state_texts[CONN_STATE_COUNT];

enum worker_state {
	WORKER_ABSENT,
	WORKER_STARTING,
	WORKER_READY,
	WORKER_DRAINING,
	WORKER_DEAD,
	WORKER_STATE_COUNT
};
/* What the server as a whole is about. */
enum board_phase {
	BOARD_SERVING,
	BOARD_UNREADY,  /* it serves on, and tells the balancer to go elsewhere */
	BOARD_STOPPING, /* who is connected has a moment left, requests have until their deadline */
	BOARD_SUCCEEDED /* the same, but another master serves on the listeners: nothing hurries */
};
/* Why a worker wants to be replaced: by its requests or memory, or because a handler does not end. */
enum relief { RELIEF_NONE, RELIEF_WORN, RELIEF_HURT };
enum slot_state { SLOT_IDLE, SLOT_BUSY, SLOT_WRITTEN_OFF, SLOT_STATE_COUNT };
extern const char *const worker_state_names[], *const slot_state_names[];

/* One of a worker's places for a blocking handler.  Written by the slot's thread. */
struct slot_row {
	_Alignas(64) _Atomic uint32_t state; /* enum slot_state */
	_Atomic uint32_t route;              /* index; meaningful while busy */
	_Atomic uint64_t since_ns;           /* of the state */
	_Atomic uint64_t arrived_ns;         /* of the request being handled */
	_Atomic uint64_t served;
	_Atomic uint32_t thread_id; /* of the thread in it */
};

struct worker_row {
	/* Written by the master, and by the worker's leader. */
	_Alignas(64) _Atomic int32_t pid;
	_Atomic uint32_t generation; /* counts the processes that have had this row */
	_Atomic uint32_t state;      /* enum worker_state */
	_Atomic uint32_t slots;      /* of that process: its threads that run handlers */
	_Atomic uint32_t slots_most; /* of all that had the row: so many tallies, and one, are used */
	_Atomic uint64_t started_ns;
	_Atomic uint64_t heartbeat_ns; /* the leader's last turn */
	_Atomic uint32_t relief; /* enum relief: the worker wants to be replaced, and then to leave */

	/*
	 * What siblings need to know to move a request here or claim one from here.
	 * `free` is written by this worker's threads and by any sibling that reserves a
	 * slot; the high half is the generation of the count, so that a late release meant
	 * for a dead process, or for a count made anew since, does nothing.
	 */
	_Alignas(64) _Atomic uint64_t free_slots;
	_Alignas(64) _Atomic uint32_t queued; /* requests waiting for a slot */
	_Atomic uint64_t oldest_ns;           /* `arrived` of the oldest of them; 0: none */
	_Atomic uint32_t pending;             /* connections whose first request is still to come */

	_Alignas(64) _Atomic int32_t conns[CONN_STATE_COUNT]; /* leader */
};

struct route_row {
	char name[BOARD_ROUTE_NAME]; /* mount point and path */
	char app[BOARD_ROUTE_NAME];
	uint32_t class; /* enum ltd_class */
};

struct board {
	uint64_t magic;
	uint32_t layout, header_bytes;
	uint64_t bytes;
	char version[32];
	char control[192]; /* the path of the control socket; empty: there is none */
	int32_t master_pid;
	/* There is room for so many: for the old beside the new, and for what a reload brings. */
	uint32_t workers_max, threads_max, routes_max, tallies;
	_Atomic uint32_t workers, threads; /* wanted, and of each */
	_Atomic uint32_t rows;             /* of workers: the first so many have been used */
	_Atomic uint32_t routes;           /* known so far; none is ever taken away */
	uint64_t started_mono_ns, started_real_ns;
	uint64_t workers_at, slots_at, routes_at, tallies_at, tally_bytes, ring_at, ring_bytes,
		scratch_at;
	_Atomic uint32_t phase;        /* enum board_phase */
	_Atomic uint32_t has_relative; /* another master serves on the same listeners */
	_Atomic uint32_t edition;      /* of the configuration in force: counts the reloads */
	_Atomic uint32_t deaths;     /* of workers: what they had reserved is to be counted anew */
	_Atomic uint64_t ring_count; /* one-second totals written so far */
	_Alignas(64) _Atomic uint32_t in_flight; /* requests waiting for a slot or in one, all workers */
	uint32_t stray,
		stray_ticks; /* master: the count at the last tick, and for how many it was too high */
	/*
	 * The most in flight in a second: its number (of CLOCK_MONOTONIC) above, the most below
	 * bit 32.  So a cell only ever grows, from second to second as within one.
	 */
	_Alignas(64) _Atomic uint64_t peak[BOARD_RING];
};

/* The shape of a board to make: what is wanted, and what there is to be room for. */
struct board_plan {
	uint32_t workers, workers_max, threads, threads_max, routes, routes_max;
	const struct route_row *route;
};

/* 0 or a negative errno value.  The last tally is the master's own. */
int board_open_new(struct shm *m, const struct board_plan *plan, uint64_t now_ns);

/* Maps a running server's board to read; -EPROTO when it is none, or of another layout. */
int board_open_path(struct shm *m, const char *path);

struct worker_row *board_worker(struct board *b, unsigned worker);
struct slot_row *board_slot(struct board *b, unsigned worker, unsigned slot);
struct tally *board_tally(struct board *b, unsigned worker, unsigned thread); /* 0..slots */
struct tally *board_master_tally(struct board *b);

/*
 * A row's slots, and its tallies that have been used; reading others would cost memory.  Never more
 * than there is room for, whatever the row says: a board may be a file of any content.
 */
unsigned board_slots(const struct board *b, unsigned worker);
unsigned board_tallies(const struct board *b, unsigned worker);

/* For readers: any tally, 0 <= index < b->tallies. */
const struct tally *board_tally_at(const struct board *b, unsigned index);
/* Worker rows used so far: who looks at all workers need look no further. */
static inline unsigned board_rows(const struct board *b)
{
	return atomic_load_explicit(&b->rows, memory_order_acquire);
}

const struct route_row *board_route(const struct board *b, unsigned route);
const char *route_class_name(const struct route_row *r); /* inline, slot */

/*
 * The rows of those routes, in row[count]; new routes get new rows.  0, or -ENOSPC when there are
 * not so many (nothing has changed then).  Master.
 */
int board_map_routes(struct board *b, const struct route_row *route, unsigned count, unsigned *row);

/*
 * A new process takes the row, with so many slots, all free; gauges zero, generation one higher.
 * Master, before the fork.
 */
void board_worker_begins(struct board *b, unsigned worker, unsigned slots, uint64_t now_ns);

/*
 * The process is dead (reaped: none of its threads lives): what was in flight in it is lost.
 * It is counted out in the row's first tally, whose owner is gone, with the instant of death,
 * so that the law holds on; the row has no free slot until the next begins.  Returns how many
 * were lost.  One that left in good order leaves an absent row, another a dead one.
 */
uint64_t board_worker_died(struct board *b, unsigned worker, bool in_order, uint64_t now_ns);

/* What died has been replaced, perhaps in another row: dead rows are absent ones from here on. */
void board_forget_dead(struct board *b);

/* Once a second, by the master: totals of all tallies into the ring, and the second's peak cell. */
void board_tick(struct board *b, uint64_t now_ns);

/* In and out of the live in-flight count (requests waiting for a slot or in one). */
unsigned board_enter(struct board *b, uint64_t now_ns);
void board_leave(struct board *b, unsigned n);
unsigned board_in_flight(const struct board *b);

/* The most in flight at once in the seconds from..to, both included. */
unsigned board_peak(const struct board *b, uint64_t from_ns, uint64_t to_ns);

/* Reserving slots: true if one was free.  Release is void if the generation has changed. */
bool worker_reserve_slot(struct worker_row *w, uint32_t *generation);
void worker_release_slot(struct worker_row *w, uint32_t generation);
unsigned worker_free_slots(const struct worker_row *w);

/* So many are free, and every reservation made before is void: returns the new generation. */
uint32_t worker_recount_slots(struct worker_row *w, uint32_t free_slots);
uint32_t worker_slots_generation(const struct worker_row *w);

#endif
