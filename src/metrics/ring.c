/* One-second totals.  Written in: master; read in: any. */
#include "metrics/ring.h"

#include <string.h>

/* An overtaken reader starts again; the writer comes once a second. */
#define TRIES 3
#define NO_ENTRY UINT64_MAX

/* Cumulative counts modulo 2^32; only [low, high) means anything. */
struct ring_hist {
	_Atomic uint64_t sum_ns, max_ns;
	_Atomic uint32_t low, high;
	_Atomic uint32_t bucket[HIST_BUCKETS];
};

struct ring_route {
	_Atomic uint64_t cell[ROUTE_CELLS];
	struct ring_hist wait, service;
};

struct ring_entry {
	_Alignas(64) _Atomic uint64_t cell[TOTALS_CELLS]; /* the first is at_ns */
	struct ring_hist phase[PHASE_COUNT];
	struct ring_route route[];
};

#define load(field) atomic_load_explicit(&(field), memory_order_acquire)
#define store(field, value) atomic_store_explicit(&(field), (value), memory_order_release)

size_t ring_entry_bytes(unsigned routes)
{
	size_t bytes = sizeof(struct ring_entry) + routes * sizeof(struct ring_route);

	return (bytes + 63) / 64 * 64;
}

static struct ring_entry *entry_at(const struct board *b, uint64_t number)
{
	return (struct ring_entry *)((char *)b + b->ring_at + number % BOARD_RING * b->ring_bytes);
}

static void write_cells(_Atomic uint64_t *to, const void *from, unsigned count)
{
	const uint64_t *cell = from;

	for (unsigned i = 0; i < count; i++)
		store(to[i], cell[i]);
}

static void write_hist(struct ring_hist *to, const struct hist_sum *from)
{
	store(to->sum_ns, from->sum_ns);
	store(to->max_ns, from->max_ns);
	store(to->low, from->low);
	store(to->high, from->high);
	for (uint32_t i = from->low; i < from->high; i++)
		store(to->bucket[i], (uint32_t)from->bucket[i]);
}

void ring_write(struct board *b, const struct totals *t)
{
	uint64_t number = load(b->ring_count);
	struct ring_entry *e = entry_at(b, number);

	write_cells(e->cell, t, TOTALS_CELLS);
	for (unsigned p = 0; p < PHASE_COUNT; p++)
		write_hist(&e->phase[p], &t->phase[p]);
	for (unsigned r = 0; r < t->routes; r++) {
		write_cells(e->route[r].cell, &t->route[r], ROUTE_CELLS);
		write_hist(&e->route[r].wait, &t->route[r].wait);
		write_hist(&e->route[r].service, &t->route[r].service);
	}
	store(b->ring_count, number + 1);
}

static void read_cells(void *to, const _Atomic uint64_t *from, unsigned count)
{
	uint64_t *cell = to;

	for (unsigned i = 0; i < count; i++)
		cell[i] = load(from[i]);
}

static void read_hist(struct hist_sum *to, const struct ring_hist *from, const struct hist_sum *now)
{
	uint32_t low = load(from->low), high = load(from->high);

	memset(to, 0, sizeof *to);
	if (high > HIST_BUCKETS || low >= high)
		return;
	to->sum_ns = load(from->sum_ns);
	to->max_ns = load(from->max_ns);
	to->low = low;
	to->high = high;
	for (uint32_t i = low; i < high; i++) {
		uint32_t came_since = (uint32_t)now->bucket[i] - load(from->bucket[i]);

		to->bucket[i] = now->bucket[i] - came_since;
		to->count += to->bucket[i];
	}
}

static void read_entry(struct totals *to, const struct ring_entry *e, const struct totals *now)
{
	read_cells(to, e->cell, TOTALS_CELLS);
	for (unsigned p = 0; p < PHASE_COUNT; p++)
		read_hist(&to->phase[p], &e->phase[p], &now->phase[p]);
	to->routes = now->routes;
	for (unsigned r = 0; r < now->routes; r++) {
		read_cells(&to->route[r], e->route[r].cell, ROUTE_CELLS);
		read_hist(&to->route[r].wait, &e->route[r].wait, &now->route[r].wait);
		read_hist(&to->route[r].service, &e->route[r].service, &now->route[r].service);
	}
}

static void read_start(struct totals *to, const struct board *b)
{
	memset(to, 0, totals_bytes(b->routes));
	to->routes = b->routes;
	to->at_ns = b->started_mono_ns;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static uint64_t nearest_entry(const struct board *b, uint64_t target_ns, uint64_t now_ns)
{
	uint64_t count = load(b->ring_count), nearest = NO_ENTRY;
	uint64_t best = distance(b->started_mono_ns, target_ns);

	for (uint64_t n = count > BOARD_RING - 1 ? count - (BOARD_RING - 1) : 0; n < count; n++) {
		uint64_t at_ns = load(entry_at(b, n)->cell[0]);

		if (at_ns < now_ns && distance(at_ns, target_ns) <= best) {
			best = distance(at_ns, target_ns);
			nearest = n;
		}
	}
	return nearest;
}

void ring_read(const struct board *b, uint64_t target_ns, const struct totals *now,
	       struct totals *before)
{
	for (unsigned i = 0; i < TRIES; i++) {
		uint64_t n = nearest_entry(b, target_ns, now->at_ns);

		if (n == NO_ENTRY)
			break;
		read_entry(before, entry_at(b, n), now);
		if (load(b->ring_count) < n + BOARD_RING)
			return;
	}
	read_start(before, b);
}

static uint64_t arrived_until(const struct board *b, uint64_t number)
{
	const struct ring_entry *e = entry_at(b, number);

	return load(e->cell[offsetof(struct totals, ledger.flow[FLOW_TOTAL].in) / sizeof(uint64_t)]);
}

unsigned ring_arrivals(const struct board *b, unsigned seconds, uint64_t arrivals[BOARD_RING])
{
	for (unsigned try = 0; try < TRIES; try++) {
		uint64_t count = load(b->ring_count), n = 0;

		for (uint64_t i = count; n < seconds && n < BOARD_RING - 2 && i > 1; i--, n++)
			arrivals[n] = arrived_until(b, i - 1) - arrived_until(b, i - 2);
		if (load(b->ring_count) == count)
			return (unsigned)n;
	}
	return 0;
}
