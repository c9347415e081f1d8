/*
 * The board's layout, and what masters and workers do to it; what a thread counts is in
 * tally.c, the one-second totals in ring.c.
 *
 * Runs in: master (making it, deaths, ticks); any (the rest).
 */
#include "metrics/board.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <littled/version.h>

#include "base/clock.h"
#include "metrics/ring.h"
#include "metrics/totals.h"

#define CACHE_LINE 64
#define STRAY_TICKS 10

_Static_assert(sizeof(struct worker_row) % CACHE_LINE == 0, "rows keep off each other's lines");
_Static_assert(sizeof(struct slot_row) == CACHE_LINE, "a line a slot");
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "shared memory wants atomics without locks");

static uint64_t aligned(uint64_t bytes)
{
	return (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
}

/* Takes room for `bytes` behind what is laid out already, and says where. */
static uint64_t place(struct board *b, uint64_t bytes)
{
	uint64_t at = aligned(b->bytes);

	b->bytes = at + bytes;
	return at;
}

/* Everything that follows from the three counts. */
static void lay_out(struct board *b)
{
	b->magic = BOARD_MAGIC;
	b->layout = BOARD_LAYOUT;
	b->header_bytes = sizeof *b;
	b->bytes = sizeof *b;
	b->tallies = b->workers_max * (b->threads_max + 1) + 1;
	b->tally_bytes = aligned(sizeof(struct tally) + b->routes_max * sizeof(struct route_tally));
	b->ring_bytes = ring_entry_bytes(b->routes_max);

	b->workers_at = place(b, b->workers_max * sizeof(struct worker_row));
	b->slots_at = place(b, (uint64_t)b->workers_max * b->threads_max * sizeof(struct slot_row));
	b->routes_at = place(b, b->routes_max * sizeof(struct route_row));
	b->tallies_at = place(b, b->tallies * b->tally_bytes);
	b->ring_at = place(b, BOARD_RING * b->ring_bytes);
	b->scratch_at = place(b, totals_bytes(b->routes_max));
}

static bool is_sane(const struct board *b)
{
	return b->workers_max >= 1 && b->workers <= b->workers_max && b->workers_max <= 1u << 16 &&
	       b->threads >= 1 && b->threads <= b->threads_max && b->threads_max <= 1u << 16 &&
	       b->routes <= b->routes_max && b->routes_max <= 1u << 16 &&
	       b->rows <= b->workers_max &&
	       (uint64_t)b->workers_max * (b->threads_max + 1) < UINT32_MAX; /* the tallies */
}

/* Names are labels of time series, and must differ: long ones may not, once cut short. */
static void name_apart(char name[BOARD_ROUTE_NAME], unsigned row)
{
	char tail[16];
	int n = snprintf(tail, sizeof tail, "~%u", row);
	size_t at = strnlen(name, BOARD_ROUTE_NAME - 1 - (size_t)n);

	memcpy(name + at, tail, (size_t)n + 1);
}

static bool has_name(const struct route_row *rows, unsigned count, const char *name)
{
	for (unsigned r = 0; r < count; r++)
		if (strcmp(rows[r].name, name) == 0)
			return true;
	return false;
}

/* Is it that route's row, under its own name or one that keeps it apart from another? */
static bool is_row_of(const struct route_row *rows, unsigned r, const struct route_row *route)
{
	struct route_row apart = *route;

	name_apart(apart.name, r);
	return rows[r].class == route->class && strcmp(rows[r].app, route->app) == 0 &&
	       (strcmp(rows[r].name, route->name) == 0 || strcmp(rows[r].name, apart.name) == 0);
}

static bool holds(const unsigned *row, unsigned count, unsigned r)
{
	for (unsigned i = 0; i < count; i++)
		if (row[i] == r)
			return true;
	return false;
}

/* The row it has among those known, unless another of this set has it already; `known` if none. */
static unsigned find_route(const struct route_row *rows, unsigned known,
			   const struct route_row *route, const unsigned *row, unsigned count)
{
	unsigned r = 0;

	while (r < known && (!is_row_of(rows, r, route) || holds(row, count, r)))
		r++;
	return r;
}

int board_map_routes(struct board *b, const struct route_row *route, unsigned count, unsigned *row)
{
	struct route_row *rows = (struct route_row *)((char *)b + b->routes_at);
	unsigned known = b->routes, fresh = known;

	for (unsigned i = 0; i < count; i++) {
		struct route_row wanted = route[i];

		wanted.name[BOARD_ROUTE_NAME - 1] = wanted.app[BOARD_ROUTE_NAME - 1] = '\0';
		row[i] = find_route(rows, known, &wanted, row, i);
		if (row[i] < known)
			continue;
		if (fresh == b->routes_max)
			return -ENOSPC;
		row[i] = fresh++; /* nobody reads rows that are not counted yet */
		if (has_name(rows, row[i], wanted.name))
			name_apart(wanted.name, row[i]);
		rows[row[i]] = wanted;
	}
	atomic_store(&b->routes, fresh);
	return 0;
}

static int first_routes(struct board *b, const struct board_plan *plan)
{
	unsigned *row = calloc(plan->routes + 1, sizeof *row);
	int error = row ? board_map_routes(b, plan->route, plan->routes, row) : -ENOMEM;

	free(row);
	board_master_tally(b)->routes = b->routes_max;
	return error;
}

int board_open_new(struct shm *m, const struct board_plan *plan, uint64_t now_ns)
{
	struct board shape = {
		.workers = plan->workers,
		.workers_max = plan->workers_max,
		.threads = plan->threads,
		.threads_max = plan->threads_max,
		.routes_max = plan->routes_max,
		.master_pid = getpid(),
		.started_mono_ns = now_ns,
		.started_real_ns = clock_real_ns(),
	};

	if (!is_sane(&shape))
		return -EINVAL;
	lay_out(&shape);
	snprintf(shape.version, sizeof shape.version, "%s", LTD_VERSION);

	int error = shm_open_new(m, "littled-board", shape.bytes);
	if (error < 0)
		return error;
	memcpy(m->at, &shape, sizeof shape);
	error = first_routes(m->at, plan);
	if (error < 0)
		shm_close(m);
	return error;
}

static bool is_text(const char *text, size_t room)
{
	return memchr(text, '\0', room) != NULL;
}

static bool has_texts(const struct board *b)
{
	if (!is_text(b->version, sizeof b->version) || !is_text(b->control, sizeof b->control))
		return false;
	for (unsigned r = 0; r < b->routes; r++) {
		const struct route_row *row = board_route(b, r);

		if (!is_text(row->name, sizeof row->name) || !is_text(row->app, sizeof row->app))
			return false;
	}
	return true;
}

/* The file's own counts must lead to the very layout it claims: no offset is taken on trust. */
static bool is_board(const struct board *b, size_t bytes)
{
	if (bytes < sizeof *b || b->magic != BOARD_MAGIC || b->layout != BOARD_LAYOUT || !is_sane(b))
		return false;

	struct board ours = { .workers_max = b->workers_max,
			      .threads_max = b->threads_max,
			      .routes_max = b->routes_max };
	lay_out(&ours);
	return b->header_bytes == sizeof ours && b->bytes == ours.bytes && bytes == ours.bytes &&
	       b->tallies == ours.tallies && b->tally_bytes == ours.tally_bytes &&
	       b->ring_bytes == ours.ring_bytes && b->workers_at == ours.workers_at &&
	       b->slots_at == ours.slots_at && b->routes_at == ours.routes_at &&
	       b->tallies_at == ours.tallies_at && b->ring_at == ours.ring_at &&
	       b->scratch_at == ours.scratch_at && has_texts(b);
}

int board_open_path(struct shm *m, const char *path)
{
	int error = shm_open_path(m, path);

	if (error < 0)
		return error;
	if (is_board(m->at, m->bytes))
		return 0;
	shm_close(m);
	return -EPROTO;
}

/* --- finding rows -------------------------------------------------------------- */

struct worker_row *board_worker(struct board *b, unsigned worker)
{
	return (struct worker_row *)((char *)b + b->workers_at) + worker;
}

struct slot_row *board_slot(struct board *b, unsigned worker, unsigned slot)
{
	return (struct slot_row *)((char *)b + b->slots_at) + (size_t)worker * b->threads_max + slot;
}

const struct tally *board_tally_at(const struct board *b, unsigned index)
{
	return (const struct tally *)((const char *)b + b->tallies_at + index * b->tally_bytes);
}

struct tally *board_tally(struct board *b, unsigned worker, unsigned thread)
{
	return (struct tally *)board_tally_at(b, worker * (b->threads_max + 1) + thread);
}

struct tally *board_master_tally(struct board *b)
{
	return (struct tally *)board_tally_at(b, b->tallies - 1);
}

const struct route_row *board_route(const struct board *b, unsigned route)
{
	return (const struct route_row *)((const char *)b + b->routes_at) + route;
}

static unsigned at_most(unsigned n, unsigned most)
{
	return n < most ? n : most;
}

unsigned board_slots(const struct board *b, unsigned worker)
{
	const struct worker_row *w = board_worker((struct board *)b, worker);

	return at_most(atomic_load_explicit(&w->slots, memory_order_acquire), b->threads_max);
}

unsigned board_tallies(const struct board *b, unsigned worker)
{
	const struct worker_row *w = board_worker((struct board *)b, worker);

	return at_most(atomic_load_explicit(&w->slots_most, memory_order_acquire), b->threads_max) +
	       1;
}

/* Word of `free_slots`: the generation of the count in the high half, how many in the low. */
static uint64_t free_word(uint32_t generation, uint32_t slots)
{
	return (uint64_t)generation << 32 | slots;
}

uint32_t worker_slots_generation(const struct worker_row *w)
{
	return (uint32_t)(atomic_load(&w->free_slots) >> 32);
}

uint32_t worker_recount_slots(struct worker_row *w, uint32_t free_slots)
{
	uint32_t generation = worker_slots_generation(w) + 1;

	atomic_store(&w->free_slots, free_word(generation, free_slots));
	return generation;
}

/* --- the life of a worker's row -------------------------------------------------- */

static void clear_gauges(struct board *b, unsigned worker, uint64_t now_ns)
{
	struct worker_row *w = board_worker(b, worker);

	atomic_store(&w->queued, 0);
	atomic_store(&w->oldest_ns, 0);
	atomic_store(&w->pending, 0);
	for (unsigned i = 0; i < CONN_STATE_COUNT; i++)
		atomic_store(&w->conns[i], 0);
	for (unsigned i = 0; i < board_slots(b, worker); i++) {
		struct slot_row *s = board_slot(b, worker, i);

		atomic_store(&s->state, SLOT_IDLE);
		atomic_store(&s->since_ns, now_ns);
		atomic_store(&s->thread_id, 0);
	}
}

void board_worker_begins(struct board *b, unsigned worker, unsigned slots, uint64_t now_ns)
{
	struct worker_row *w = board_worker(b, worker);
	uint32_t generation = atomic_load(&w->generation) + 1;

	atomic_store(&w->slots, slots);
	for (unsigned i = 0; i <= slots; i++)
		board_tally(b, worker, i)->routes = b->routes_max;
	if (slots > atomic_load(&w->slots_most))
		atomic_store(&w->slots_most, slots);
	clear_gauges(b, worker, now_ns);
	atomic_store(&w->pid, 0);
	atomic_store(&w->generation, generation);
	atomic_store(&w->started_ns, now_ns);
	atomic_store(&w->heartbeat_ns, now_ns);
	atomic_store(&w->relief, RELIEF_NONE);
	atomic_store(&w->state, WORKER_STARTING);
	worker_recount_slots(w, slots);
	if (worker >= board_rows(b))
		atomic_store(&b->rows, worker + 1);
}

/* A request that started in one thread may have ended in another: only their sum is true. */
static struct casualties count_casualties(const struct ledger_sum *l)
{
	struct casualties c = { .arrived_ns = l->flow[FLOW_TOTAL].in_ns - l->done_arrived_ns };

	for (unsigned f = 0; f < FLOW_COUNT; f++)
		c.inside[f] = l->flow[f].in - l->flow[f].out;
	return c;
}

uint64_t board_worker_died(struct board *b, unsigned worker, bool in_order, uint64_t now_ns)
{
	struct worker_row *w = board_worker(b, worker);
	struct ledger_sum sum = { 0 };

	/* Void for every release still to come, and nothing to reserve. */
	worker_recount_slots(w, 0);
	atomic_store(&w->state, in_order ? WORKER_ABSENT : WORKER_DEAD);
	clear_gauges(b, worker, now_ns);

	for (unsigned i = 0; i < board_tallies(b, worker); i++) {
		tally_mend(board_tally(b, worker, i));
		tally_add_ledger(&sum, board_tally(b, worker, i));
	}
	struct casualties c = count_casualties(&sum);
	tally_lost(board_tally(b, worker, 0), &c, now_ns);
	atomic_fetch_add(&b->deaths, 1);
	board_leave(b, (unsigned)(c.inside[FLOW_WAIT] + c.inside[FLOW_SLOT]));
	return c.inside[FLOW_TOTAL];
}

void board_forget_dead(struct board *b)
{
	for (unsigned i = 0; i < board_rows(b); i++) {
		uint32_t dead = WORKER_DEAD;

		atomic_compare_exchange_strong(&board_worker(b, i)->state, &dead, WORKER_ABSENT);
	}
}

/* --- slots ------------------------------------------------------------------------ */

bool worker_reserve_slot(struct worker_row *w, uint32_t *generation)
{
	uint64_t word = atomic_load(&w->free_slots);

	do {
		if ((uint32_t)word == 0)
			return false;
	} while (!atomic_compare_exchange_weak(&w->free_slots, &word, word - 1));
	*generation = (uint32_t)(word >> 32);
	return true;
}

void worker_release_slot(struct worker_row *w, uint32_t generation)
{
	uint64_t word = atomic_load(&w->free_slots);

	do {
		if (word >> 32 != generation)
			return;
	} while (!atomic_compare_exchange_weak(&w->free_slots, &word, word + 1));
}

unsigned worker_free_slots(const struct worker_row *w)
{
	return (uint32_t)atomic_load(&w->free_slots);
}

/* --- peaks and ticks -------------------------------------------------------------- */

static void raise_peak(struct board *b, uint64_t now_ns, uint32_t in_flight)
{
	uint64_t second = now_ns / NS_PER_S, mine = second << 32 | in_flight;
	_Atomic uint64_t *cell = &b->peak[second % BOARD_RING];
	uint64_t seen = atomic_load_explicit(cell, memory_order_relaxed);

	while (seen < mine && !atomic_compare_exchange_weak(cell, &seen, mine))
		;
}

/* See mend_in_flight: the count may be one off, but never shows less than none. */
static uint32_t in_flight_of(uint32_t count)
{
	return (int32_t)count > 0 ? count : 0;
}

unsigned board_enter(struct board *b, uint64_t now_ns)
{
	uint32_t n =
		in_flight_of(atomic_fetch_add_explicit(&b->in_flight, 1, memory_order_relaxed) + 1);

	raise_peak(b, now_ns, n);
	return n;
}

unsigned board_in_flight(const struct board *b)
{
	return in_flight_of(atomic_load_explicit(&b->in_flight, memory_order_relaxed));
}

void board_leave(struct board *b, unsigned n)
{
	atomic_fetch_sub_explicit(&b->in_flight, n, memory_order_relaxed);
}

unsigned board_peak(const struct board *b, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t from = from_ns / NS_PER_S, to = to_ns / NS_PER_S;
	uint32_t most = 0;

	for (unsigned i = 0; i < BOARD_RING; i++) {
		uint64_t cell = atomic_load_explicit(&b->peak[i], memory_order_relaxed);

		if (cell >> 32 >= from && cell >> 32 <= to && (uint32_t)cell > most)
			most = (uint32_t)cell;
	}
	return most;
}

/*
 * A worker killed between the note in its tally and the one in the count leaves the count
 * off by one.  It shows when the same count stays and no request is there to be counted:
 * by chance, for one just leaving, but not at so many ticks on end.
 */
static void mend_in_flight(struct board *b, uint32_t count, const struct ledger_sum *l)
{
	bool is_stray =
		count && !flow_inside(&l->flow[FLOW_WAIT]) && !flow_inside(&l->flow[FLOW_SLOT]);

	b->stray_ticks = is_stray && count == b->stray ? b->stray_ticks + 1 : 0;
	b->stray = count;
	if (b->stray_ticks == STRAY_TICKS)
		board_leave(b, count);
}

void board_tick(struct board *b, uint64_t now_ns)
{
	struct totals *scratch = (struct totals *)((char *)b + b->scratch_at);

	uint32_t in_flight = atomic_load(&b->in_flight);

	raise_peak(b, now_ns, in_flight_of(in_flight));
	totals_take(scratch, b, NULL, now_ns);
	ring_write(b, scratch);
	mend_in_flight(b, in_flight, &scratch->ledger);
}
