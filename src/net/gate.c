/* Who takes the next connection.  Runs in: leader. */
#include "net/gate.h"

#include "base/clock.h"
#include "net/conn.h"

/* A worker whose loop has not turned for so long takes nothing from us. */
#define STALE_NS (2 * NS_PER_S)

/* A slot for one more connection's first request; what has been accepted counts. */
static bool has_slot(const struct worker_row *w)
{
	return worker_free_slots(w) > atomic_load(&w->pending) + atomic_load(&w->queued);
}

/* A place for one more connection. */
static bool has_place(const struct worker_row *w, const struct loop_limits *limits)
{
	int32_t conns = 0;

	for (unsigned i = 0; i < CONN_STATE_COUNT; i++)
		conns += atomic_load_explicit(&w->conns[i], memory_order_relaxed);
	return conns < (int32_t)limits->connections;
}

/* Can a sibling take the next connection, and with a slot for it if that is asked for? */
static bool sibling_is_open(const struct loop *l, bool with_slot)
{
	struct board *b = l->board;

	for (unsigned i = 0; i < board_rows(b); i++) {
		const struct worker_row *w = board_worker(b, i);

		if (w == l->row || atomic_load(&w->state) != WORKER_READY ||
		    atomic_load(&w->heartbeat_ns) + STALE_NS < l->now_ns)
			continue;
		if (has_place(w, l->limits) && (!with_slot || has_slot(w)))
			return true;
	}
	return false;
}

bool gate_is_full(const struct loop *l)
{
	if (l->conn_count < l->limits->connections)
		return false;
	return l->conn_count > l->limits->connections || !conn_to_evict(l) ||
	       (l->is_gated && sibling_is_open(l, false));
}

bool gate_is_open(const struct loop *l)
{
	return !l->is_gated || has_slot(l->row) || !sibling_is_open(l, true);
}
