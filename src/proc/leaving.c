/* Leaving.  Runs in: leader. */
#include "proc/leaving.h"

#include <unistd.h>

#include "base/clock.h"
#include "net/conn.h"
#include "proc/moves.h"
#include "proc/worker.h"

/* When all is over: how long the queues of listeners that nobody can reach any more are emptied. */
#define SETTLE_NS (50 * NS_PER_MS)

/* How often a worker that leaves looks around, whatever else happens. */
#define LOOK_S 0.05

/* When all is over: how long a connection without a request may still bring one. */
#define PATIENCE_NS (500 * NS_PER_MS)

/*
 * The same of connections to the statistics, after a reload or an upgrade: probes come every second
 * or so.  When the server stops they are the last to be asked, and nothing is left to be said.
 */
#define PROBE_PATIENCE_NS (2 * NS_PER_S)

static enum board_phase phase(const struct worker *w)
{
	return (enum board_phase)atomic_load(&w->loop.board->phase);
}

/* All workers leave. */
static bool server_stops(const struct worker *w)
{
	return phase(w) == BOARD_STOPPING || phase(w) == BOARD_SUCCEEDED;
}

/* Connections that brought no request by now are not going to. */
static void part_idle(struct worker *w, enum conn_state state)
{
	struct loop *l = &w->loop;
	const struct options *o = w->heritage->options;
	/* Where nothing hurries, their own deadlines end them; but before the worker is killed. */
	uint64_t patience_ns = o->graceful_timeout_ns / 2;

	if (w->index == WORKER_STATISTICS)
		patience_ns = phase(w) == BOARD_STOPPING ? 0 : PROBE_PATIENCE_NS;
	else if (phase(w) == BOARD_STOPPING)
		patience_ns = PATIENCE_NS;

	for (struct list *n = l->conns[state].next, *next; n != &l->conns[state]; n = next) {
		struct conn *c = list_entry(n, struct conn, node);
		uint64_t since_ns = c->since_ns > w->leaving_ns ? c->since_ns : w->leaving_ns;

		next = n->next;
		if (l->now_ns >= since_ns + patience_ns)
			conn_end_idle(c, CLOSE_DRAIN);
	}
}

static void stop_accepting(struct worker *w)
{
	acceptor_stop(&w->acceptor, w->is_last_to_accept);
	heritage_close_listeners(w->heritage);
	w->is_last_to_accept = false;
}

void leaving_turn(struct worker *w)
{
	struct loop *l = &w->loop;

	if (w->is_last_to_accept && l->now_ns >= w->leaving_ns + SETTLE_NS)
		stop_accepting(w);
	bool has_heir = !server_stops(w) && peers_have_heir(&w->peers);

	l->is_draining = !has_heir;
	w->acceptor.hands_on = has_heir;
	if (has_heir) {
		peers_hand_on(&w->peers, CONN_FRESH);
		peers_hand_on(&w->peers, CONN_IDLE);
	} else {
		part_idle(w, CONN_FRESH);
		part_idle(w, CONN_IDLE);
	}
	leave_if_empty(w);
}

void leave_if_empty(struct worker *w)
{
	if (!w->is_leaving || w->loop.conn_count || w->is_last_to_accept)
		return;
	peers_read_last(&w->peers);
	if (w->loop.conn_count)
		return;
	if (slots_lost(&w->slots))
		_exit(0); /* handlers that never end cannot be joined, nor may what they use be freed */
	slots_stop(&w->slots);
}

/* The timer ends the poll, and the turn looks around. */
static void on_look(struct ev_loop *ev, ev_timer *t, int events)
{
	(void)ev, (void)t, (void)events;
}

void leaving_prepare(struct worker *w)
{
	ev_init(&w->look_around, on_look);
	w->look_around.repeat = LOOK_S;
}

void leave(struct worker *w, bool is_orphan)
{
	struct loop *l = &w->loop;

	if (w->is_leaving)
		return;
	w->is_leaving = true;
	w->leaving_ns = l->now_ns;
	if (w->index == WORKER_STATISTICS)
		status_stop(); /* who watches comes again, to the next one */
	atomic_store(&l->row->state, WORKER_DRAINING);
	worker_tell_master(w);
	/* What was connected before is served here when nobody else will. */
	w->is_last_to_accept = phase(w) == BOARD_STOPPING ||
			       atomic_load(&l->board->edition) != w->heritage->edition;
	/* Without a master nobody has made the listeners deaf, and a new one may want the address. */
	if (!w->is_last_to_accept || is_orphan)
		stop_accepting(w);
	ev_timer_again(l->ev, &w->look_around);
	leaving_turn(w);
}
