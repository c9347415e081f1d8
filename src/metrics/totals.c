/* Merging the tallies.  Runs in: any; it only reads the board. */
#include "metrics/totals.h"

#include <string.h>

_Static_assert(offsetof(struct route_tally, wait) == offsetof(struct route_totals, wait),
	       "same cells");

size_t totals_bytes(unsigned routes)
{
	return sizeof(struct totals) + routes * sizeof(struct route_totals);
}

/* sum += cells; they are counters on their own, so need no lock. */
static void add_cells(uint64_t *sum, const _Atomic uint64_t *cell, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		sum[i] += atomic_load_explicit(&cell[i], memory_order_relaxed);
}

/* Clears the range in use alone, so that what is never used never takes memory. */
static void empty_hist(struct hist_sum *h)
{
	memset(h->bucket + h->low, 0, (h->high - h->low) * sizeof *h->bucket);
	memset(h, 0, offsetof(struct hist_sum, bucket));
}

static void empty_totals(struct totals *t, unsigned routes)
{
	memset(t, 0, offsetof(struct totals, phase));
	for (unsigned p = 0; p < PHASE_COUNT; p++)
		empty_hist(&t->phase[p]);
	t->routes = routes;
	for (unsigned r = 0; r < routes; r++) {
		memset(&t->route[r], 0, offsetof(struct route_totals, wait));
		empty_hist(&t->route[r].wait);
		empty_hist(&t->route[r].service);
	}
}

static void take_ledger(struct worker_totals *sum, const struct tally *tally)
{
	tally_add_ledger(&sum->ledger, tally);
	add_cells(sum->counter, tally->counter, COUNTER_COUNT);
}

static void add_worker(struct totals *t, const struct worker_totals *sum)
{
	ledger_add(&t->ledger, &sum->ledger);
	for (unsigned i = 0; i < COUNTER_COUNT; i++)
		t->counter[i] += sum->counter[i];
}

/* The ledgers of all tallies in one go, so that their readings are close together. */
static void take_ledgers(struct totals *t, struct board *b, struct worker_totals *workers)
{
	struct worker_totals master = { 0 };

	for (unsigned w = 0; w < board_rows(b); w++) {
		struct worker_totals sum = { 0 };

		for (unsigned i = 0; i < board_tallies(b, w); i++)
			take_ledger(&sum, board_tally(b, w, i));
		add_worker(t, &sum);
		if (workers)
			workers[w] = sum;
	}
	take_ledger(&master, board_master_tally(b));
	add_worker(t, &master);
}

static void add_route(struct totals *t, const struct tally *tally, unsigned route)
{
	const struct route_tally *from = &tally->route[route];
	struct route_totals *to = &t->route[route];

	add_cells((void *)to, (const void *)from, ROUTE_CELLS);
	tally_add_hist(&to->wait, tally, &from->wait, &t->scratch);
	tally_add_hist(&to->service, tally, &from->service, &t->scratch);
}

static void take_cells(struct totals *t, const struct tally *tally)
{
	add_cells(t->close, tally->close, CLOSE_COUNT);
	add_cells(t->status, tally->status, TALLY_STATUS_MAX);
	if (!tally_has_timed(tally))
		return;
	for (unsigned p = 0; p < PHASE_COUNT; p++)
		tally_add_hist(&t->phase[p], tally, &tally->phase[p], &t->scratch);
	for (unsigned r = 0; r < t->routes; r++)
		add_route(t, tally, r);
}

void totals_take(struct totals *t, const struct board *board, struct worker_totals *workers,
		 uint64_t now_ns)
{
	struct board *b = (struct board *)board; /* which is only read */

	empty_totals(t, b->routes);
	t->at_ns = now_ns;
	take_ledgers(t, b, workers);
	for (unsigned w = 0; w < board_rows(b); w++)
		for (unsigned i = 0; i < board_tallies(b, w); i++)
			take_cells(t, board_tally(b, w, i));
	take_cells(t, board_master_tally(b));
}

static void hist_become_since(struct hist_sum *before, const struct hist_sum *now,
			      struct hist_sum *scratch)
{
	*scratch = *before;
	hist_since(before, now, scratch);
}

static void cells_become_since(uint64_t *before, const uint64_t *now, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		before[i] = now[i] - before[i];
}

void totals_since(struct totals *before, const struct totals *now)
{
	cells_become_since((void *)before, (const void *)now, TOTALS_CELLS);
	for (unsigned p = 0; p < PHASE_COUNT; p++)
		hist_become_since(&before->phase[p], &now->phase[p], &before->scratch);
	for (unsigned r = 0; r < now->routes; r++) {
		struct route_totals *to = &before->route[r];
		const struct route_totals *from = &now->route[r];

		cells_become_since((void *)to, (const void *)from, ROUTE_CELLS);
		hist_become_since(&to->wait, &from->wait, &before->scratch);
		hist_become_since(&to->service, &from->service, &before->scratch);
	}
}

uint64_t totals_route_count(const struct route_totals *r)
{
	uint64_t count = 0;

	for (unsigned class = 0; class < 6; class ++)
		count += r->status[class];
	return count;
}

double totals_cpu_share(const struct route_totals *r)
{
	return r->cpu_service_ns ? (double)r->cpu_ns / (double)r->cpu_service_ns : -1;
}
