/* Accepting connections.  Runs in: leader. */
#include "net/acceptor.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "net/conn.h"
#include "net/crowd.h"
#include "net/gate.h"
#include "net/sock.h"

/* Connections taken in one event: few, so that a sibling gets its share of a burst. */
#define ACCEPT_BURST 16

/* How many connections are taken from a listener's queue when it is stopped. */
#define QUEUE_MOST 4096

/* How many lucky or unlucky first reads are remembered; every how many one is tried again. */
#define EAGER_MOST 8
#define EAGER_EVERY 16

/*
 * How often descriptors are asked for where they ran out;
 * one of our own that comes free is noticed.
 */
#define PAUSE_S 0.015

/* More than the one that comes: so there is more room with each, until there is enough. */
#define EVICTIONS_FOR_FILES 2

/* How many idle connections are tried before one more than allowed is kept for a moment. */
#define EVICTIONS_MOST 8

static void count(struct acceptor *a, enum counter which)
{
	struct hand *h = a->loop->hand;

	if (h->tally)
		tally_count(h->tally, which, 1);
}

static void look_for_places(struct acceptor *a)
{
	bool full = gate_is_full(a->loop);

	if (full && !a->is_full)
		count(a, COUNTER_FULL);
	a->is_full = full;
}

static void meet_shortage(struct acceptor *a, int error)
{
	count(a, COUNTER_ACCEPT_ERRORS);
	shortage_met(&a->shortage, error, a->loop->now_ns);
}

static void begin_pause(struct acceptor *a)
{
	a->is_paused = true;
	ev_timer_stop(a->loop->ev, &a->pause); /* of a pause that a connection's end cut short */
	ev_timer_set(&a->pause, PAUSE_S, 0.);
	ev_timer_start(a->loop->ev, &a->pause);
}

/* A connection that has ended leaves its descriptor: first of all to the reserve. */
static void look_for_descriptors(struct acceptor *a)
{
	if (a->closed_seen == a->loop->closed_count)
		return;
	a->closed_seen = a->loop->closed_count;
	if (shortage_refill(&a->shortage))
		a->is_paused = false;
}

static bool accepts(struct acceptor *a)
{
	look_for_descriptors(a);
	look_for_places(a);
	return !a->is_paused && !a->is_stopped && !a->is_full && gate_is_open(a->loop);
}

/* While it does not accept for want of something, each connection that ends may have it left. */
static void watch_endings(struct acceptor *a)
{
	bool wanted = !a->is_stopped && (a->is_paused || a->is_full);

	if (wanted == !!ev_is_active(&a->endings))
		return;
	if (wanted)
		ev_prepare_start(a->loop->ev, &a->endings);
	else
		ev_prepare_stop(a->loop->ev, &a->endings);
}

void acceptor_regulate(struct acceptor *a)
{
	bool open = accepts(a);

	watch_endings(a);
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

/* Before the loop waits again: what ended in this turn is seen in this turn. */
static void before_poll(struct ev_loop *ev, ev_prepare *w, int events)
{
	(void)ev, (void)events;
	acceptor_regulate(w->data);
}

/* One that is idle goes.  False: it does not, or none is. */
static bool evict(struct loop *l)
{
	struct conn *c = conn_to_evict(l);

	for (int i = 0; i < EVICTIONS_MOST && c; i++, c = conn_to_evict(l))
		if (conn_end_idle(c, CLOSE_EVICTED))
			return true;
	return false;
}

/* Asked where accept(2) cannot tell: out of descriptors it fails even if nobody waits. */
static bool somebody_waits(const struct acceptor *a)
{
	for (unsigned i = 0; i < a->port_count; i++)
		if (sock_has_waiting(a->port[i].io.fd))
			return true;
	return false;
}

static void end_pause(struct ev_loop *ev, ev_timer *w, int events)
{
	struct acceptor *a = w->data;

	(void)ev, (void)events;
	if (shortage_refill(&a->shortage) ||
	    (somebody_waits(a) && evict(a->loop) && shortage_refill(&a->shortage))) {
		a->is_paused = false;
		acceptor_regulate(a);
	} else {
		shortage_lasts(&a->shortage, a->loop->now_ns);
		begin_pause(a);
	}
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

/* Does its address hold its share of connections already?  A proxy's own has none. */
static bool is_crowding(const struct loop *l, const struct sockaddr_storage *peer)
{
	struct client who;

	if (!l->crowd)
		return false;
	client_init(&who, peer);
	return !conn_proxy_is_due(l, &who) &&
	       crowd_count(l->crowd, &who) >= l->limits->address_connections;
}

/* It has the reserve's descriptor.  One that is idle gives its own for it, or it may not stay. */
static void repay(struct acceptor *a, struct conn *c, int error)
{
	meet_shortage(a, error);
	if (evict(a->loop) && shortage_refill(&a->shortage))
		return;
	c->is_brief = true;
	count(a, COUNTER_ON_RESERVE);
}

/* Before it is too late: what a request needs to open must be had, too, beside idle connections. */
static void leave_room_for_files(struct acceptor *a, int fd)
{
	for (int i = 0; i < EVICTIONS_FOR_FILES; i++)
		if (!shortage_is_near(&a->shortage, fd, a->loop->conn_count, a->loop->now_ns) ||
		    !evict(a->loop))
			break;
}

static void take_in(struct acceptor *a, int fd, const struct sockaddr_storage *peer, int lent_for)
{
	struct loop *l = a->loop;

	count(a, COUNTER_ACCEPTED);
	if (is_crowding(l, peer)) {
		count(a, COUNTER_CROWDED_OUT);
		sock_close(fd);
		shortage_refill(&a->shortage);
		return;
	}
	struct conn *c = conn_open(l, fd, peer);
	if (!c)
		return;
	if (l->conn_count > l->limits->connections)
		evict(l);
	if (lent_for)
		repay(a, c, lent_for);
	leave_room_for_files(a, fd);
	if (a->hands_on)
		conn_watch(c, EV_READ);
	else
		read_first(a, c);
}

/* A descriptor, or a negative errno value: for want of descriptors also if nobody waits. */
static int accept_from(int listening, struct sockaddr_storage *peer)
{
	socklen_t len = sizeof *peer;
	int fd;

	peer->ss_family = AF_UNSPEC;
	fd = accept4(listening, (struct sockaddr *)peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Returns false when there is nothing more to take. */
static bool accept_one(struct acceptor *a, int listening)
{
	struct sockaddr_storage peer;
	int fd = accept_from(listening, &peer), lent_for = 0;

	if (fd >= 0) {
		shortage_not_met(&a->shortage, a->loop->now_ns);
	} else if (shortage_is(-fd) && shortage_lend(&a->shortage)) {
		lent_for = -fd;
		fd = accept_from(listening, &peer);
	}
	if (fd >= 0) {
		take_in(a, fd, &peer, lent_for);
		return true;
	}
	if (lent_for)
		shortage_refill(&a->shortage); /* nobody waits */
	if (shortage_is(-fd)) {
		meet_shortage(a, -fd);
		begin_pause(a);
	}
	return fd == -ECONNABORTED || fd == -EINTR; /* that one is gone; the next may not be */
}

static void on_connection(struct ev_loop *ev, ev_io *w, int events)
{
	struct acceptor_port *p = w->data;

	(void)ev, (void)events;
	for (int i = 0; i < ACCEPT_BURST && accepts(p->acceptor); i++)
		if (!accept_one(p->acceptor, w->fd))
			break;
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
	shortage_init(&a->shortage);
	ev_timer_init(&a->pause, end_pause, 0., 0.);
	a->pause.data = a;
	ev_prepare_init(&a->endings, before_poll);
	a->endings.data = a;
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

void acceptor_stop(struct acceptor *a, bool takes_queue)
{
	if (!a->port)
		return;
	for (unsigned i = 0; i < a->port_count; i++) {
		for (int n = 0; takes_queue && n < QUEUE_MOST && !a->is_paused; n++)
			if (!accept_one(a, a->port[i].io.fd))
				break;
		ev_io_stop(a->loop->ev, &a->port[i].io);
	}
	a->is_stopped = true;
	ev_timer_stop(a->loop->ev, &a->pause);
	ev_prepare_stop(a->loop->ev, &a->endings);
	shortage_fini(&a->shortage);
	free(a->port);
	a->port = NULL;
	a->port_count = 0;
}
