/* Accepting connections.  Runs in: leader. */
#include "net/acceptor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/conn.h"
#include "net/crowd.h"
#include "net/sock.h"

/* Connections taken in one event: few, so that a sibling gets its share of a burst. */
#define ACCEPT_BURST 16

/* How many connections are taken from a listener's queue when it is stopped. */
#define QUEUE_MOST 4096

/* How many lucky or unlucky first reads are remembered; every how many one is tried again. */
#define EAGER_MOST 8
#define EAGER_EVERY 16

/* After EMFILE, ENFILE or ENOMEM: time for descriptors to come free, without spinning. */
#define PAUSE_S 0.1

/* A worker whose loop has not turned for so long takes nothing from us. */
#define STALE_NS (2 * NS_PER_S)

/* How many idle connections are tried before one more than allowed is kept for a moment. */
#define EVICTIONS_MOST 8

/* A slot for one more connection's first request. */
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

	for (unsigned i = 0; i < b->workers_max; i++) {
		const struct worker_row *w = board_worker(b, i);

		if (w == l->row || atomic_load(&w->state) != WORKER_READY ||
		    atomic_load(&w->heartbeat_ns) + STALE_NS < l->now_ns)
			continue;
		if (has_place(w, l->limits) && (!with_slot || has_slot(w)))
			return true;
	}
	return false;
}

/* At the limit one that is idle makes room, unless a sibling need not send any away. */
static bool is_full(const struct loop *l)
{
	if (l->conn_count < l->limits->connections)
		return false;
	return l->conn_count > l->limits->connections || list_is_empty(&l->conns[CONN_IDLE]) ||
	       (l->is_gated && sibling_is_open(l, false));
}

/*
 * Of the siblings with a place for it one at least is open: the one with a slot, or all where
 * none has one.
 */
static bool gate_is_open(const struct acceptor *a)
{
	const struct loop *l = a->loop;

	if (a->is_paused || a->is_stopped || a->is_full)
		return false;
	return !l->is_gated || has_slot(l->row) || !sibling_is_open(l, true);
}

static void count(struct acceptor *a, enum counter which)
{
	struct hand *h = a->loop->hand;

	if (h->tally)
		tally_count(h->tally, which, 1);
}

static void look_for_places(struct acceptor *a)
{
	bool full = is_full(a->loop);

	if (full && !a->is_full)
		count(a, COUNTER_FULL);
	a->is_full = full;
}

void acceptor_regulate(struct acceptor *a)
{
	look_for_places(a);

	bool open = gate_is_open(a);
	for (unsigned i = 0; i < a->port_count; i++) {
		ev_io *io = &a->port[i].io;

		if (open == !!ev_is_active(io))
			continue;
		if (open)
			ev_io_start(a->loop->ev, io);
		else
			ev_io_stop(a->loop->ev, io);
	}
}

static void end_pause(struct ev_loop *ev, ev_timer *w, int events)
{
	struct acceptor *a = w->data;

	(void)ev, (void)events;
	a->is_paused = false;
	acceptor_regulate(a);
}

static void on_shortage(struct acceptor *a, int error)
{
	count(a, COUNTER_ACCEPT_ERRORS);
	if (!a->is_paused)
		log_warning("accept: paused: %s", strerror(error));
	a->is_paused = true;
	ev_timer_set(&a->pause, PAUSE_S, 0.);
	ev_timer_start(a->loop->ev, &a->pause);
	acceptor_regulate(a);
}

static bool is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/*
 * A request often comes right behind its connection; reading at once then saves a turn and an
 * epoll_ctl(2).  Where it usually comes later the attempt is spared, but for one in a while.
 */
static void read_first(struct acceptor *a, struct conn *c)
{
	if (a->eagerness < 0 && ++a->spared < EAGER_EVERY) {
		conn_watch(c, EV_READ);
		return;
	}
	a->spared = 0;
	if (conn_read(c))
		a->eagerness += a->eagerness < EAGER_MOST;
	else
		a->eagerness -= a->eagerness > -EAGER_MOST;
}

/* Does its address hold its share of connections already? */
static bool is_crowding(const struct loop *l, const struct sockaddr_storage *peer)
{
	struct client who;

	if (!l->crowd)
		return false;
	client_init(&who, peer);
	return crowd_count(l->crowd, &who) >= l->limits->address_connections;
}

/* The connections idle for longest go, until there are no more than allowed. */
static void evict(struct loop *l)
{
	const struct list *idle = &l->conns[CONN_IDLE];

	for (int i = 0; i < EVICTIONS_MOST && l->conn_count > l->limits->connections; i++)
		if (!list_is_empty(idle))
			conn_end_idle(list_entry(list_first(idle), struct conn, node),
				      CLOSE_EVICTED);
}

static void take_in(struct acceptor *a, int fd, const struct sockaddr_storage *peer)
{
	if (is_crowding(a->loop, peer)) {
		count(a, COUNTER_CROWDED_OUT);
		sock_close(fd);
		return;
	}
	struct conn *c = conn_open(a->loop, fd, peer);
	evict(a->loop);
	if (c)
		read_first(a, c);
}

/* Returns false when there is nothing more to take. */
static bool accept_one(struct acceptor *a, int listening)
{
	struct sockaddr_storage peer = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof peer;
	int fd = accept4(listening, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0) {
		if (is_shortage(errno))
			on_shortage(a, errno);
		return errno == ECONNABORTED ||
		       errno == EINTR; /* that one is gone; the next may not be */
	}
	count(a, COUNTER_ACCEPTED);
	take_in(a, fd, &peer);
	return true;
}

static void on_connection(struct ev_loop *ev, ev_io *w, int events)
{
	struct acceptor_port *p = w->data;

	(void)ev, (void)events;
	for (int i = 0; i < ACCEPT_BURST && gate_is_open(p->acceptor); i++) {
		if (!accept_one(p->acceptor, w->fd))
			break;
		look_for_places(p->acceptor);
	}
	acceptor_regulate(p->acceptor);
}

int acceptor_start(struct acceptor *a, struct loop *l, const struct listener *listener,
		   unsigned count)
{
	*a = (struct acceptor){ .loop = l,
				.port = calloc(count, sizeof *a->port),
				.port_count = count };
	if (!a->port)
		return -ENOMEM;
	ev_timer_init(&a->pause, end_pause, 0., 0.);
	a->pause.data = a;
	for (unsigned i = 0; i < count; i++) {
		a->port[i].acceptor = a;
		ev_io_init(&a->port[i].io, on_connection, listener[i].fd, EV_READ);
		a->port[i].io.data = &a->port[i];
		/* After the connections' events: those who wait already come first. */
		ev_set_priority(&a->port[i].io, EV_MINPRI);
	}
	acceptor_regulate(a);
	return 0;
}

void acceptor_stop(struct acceptor *a)
{
	if (!a->port)
		return;
	for (unsigned i = 0; i < a->port_count; i++) {
		for (int n = 0; n < QUEUE_MOST && !a->is_paused; n++)
			if (!accept_one(a, a->port[i].io.fd))
				break;
		ev_io_stop(a->loop->ev, &a->port[i].io);
	}
	a->is_stopped = true;
	ev_timer_stop(a->loop->ev, &a->pause);
	free(a->port);
	a->port = NULL;
	a->port_count = 0;
}
