/* Copying the board.  Runs in: any. */
#include "metrics/snapshot.h"

#include <stdlib.h>

#include "base/clock.h"
#include "metrics/ring.h"

struct snapshot *snapshot_new(const struct board *b)
{
	struct snapshot *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->board = b;
	s->total = calloc(1, totals_bytes(b->routes_max));
	s->window = calloc(1, totals_bytes(b->routes_max));
	s->worker = calloc(b->workers_max, sizeof *s->worker);
	s->slot = calloc((size_t)b->workers_max * b->threads_max, sizeof *s->slot);
	s->done = calloc(b->workers_max, sizeof *s->done);
	if (!s->total || !s->window || !s->worker || !s->slot || !s->done)
		snapshot_free(&s);
	return s;
}

void snapshot_free(struct snapshot **s)
{
	if (!*s)
		return;
	free((*s)->total);
	free((*s)->window);
	free((*s)->worker);
	free((*s)->slot);
	free((*s)->done);
	free(*s);
	*s = NULL;
}

#define load(field) atomic_load_explicit(&(field), memory_order_acquire)

static void view_slot(struct slot_view *to, const struct slot_row *from)
{
	to->state = load(from->state);
	to->route = load(from->route);
	to->since_ns = load(from->since_ns);
	to->served = load(from->served);
	to->thread_id = load(from->thread_id);
}

static void view_worker(struct snapshot *s, unsigned worker)
{
	struct worker_view *to = &s->worker[worker];
	const struct worker_row *from = board_worker((struct board *)s->board, worker);

	to->pid = load(from->pid);
	to->generation = load(from->generation);
	to->state = load(from->state);
	to->started_ns = load(from->started_ns);
	to->heartbeat_ns = load(from->heartbeat_ns);
	to->oldest_ns = load(from->oldest_ns);
	to->free_slots = worker_free_slots(from);
	to->queued = load(from->queued);
	to->pending = load(from->pending);
	to->done = s->done[worker];
	for (unsigned i = 0; i < CONN_STATE_COUNT; i++) {
		int32_t n = load(from->conns[i]);

		to->conns[i] = n > 0 ? (uint32_t)n : 0;
		s->conns[i] += to->conns[i];
	}
	to->slots = board_slots(s->board, worker);
	for (unsigned i = 0; i < to->slots; i++)
		view_slot(&s->slot[(size_t)worker * s->board->threads_max + i],
			  board_slot((struct board *)s->board, worker, i));
}

/* The law wants both ends of the window; only then does its beginning become the difference. */
static void look_back(struct snapshot *s, unsigned window_s)
{
	uint64_t back_ns = window_s * NS_PER_S;
	uint64_t target_ns = s->now_ns > back_ns ? s->now_ns - back_ns : 0;

	ring_read(s->board, target_ns, s->total, s->window);
	s->most = board_peak(s->board, s->window->at_ns, s->now_ns);
	s->law = law_of(&s->window->ledger, s->window->at_ns, &s->total->ledger, s->now_ns,
			s->slots);
	totals_since(s->window, s->total);
}

void snapshot_take(struct snapshot *s, unsigned window_s, uint64_t now_ns)
{
	s->now_ns = now_ns;
	s->slots = s->board->workers * s->board->threads;
	totals_take(s->total, s->board, s->done, now_ns);
	for (unsigned i = 0; i < CONN_STATE_COUNT; i++)
		s->conns[i] = 0;
	s->rows = board_rows(s->board);
	for (unsigned w = 0; w < s->rows; w++)
		view_worker(s, w);
	look_back(s, window_s);
}
