/* Accepting connections.  Runs in: leader. */
#include "net/acceptor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "net/conn.h"

/* Connections taken in one event: few, so that a sibling gets its share of a burst. */
#define ACCEPT_BURST 16

/* How many connections are taken from a listener's queue when it is stopped. */
#define QUEUE_MOST 4096

/* How many lucky or unlucky first reads are remembered; every how many one is tried again. */
#define EAGER_MOST 8
#define EAGER_EVERY 16

/* After EMFILE, ENFILE or ENOMEM: time for descriptors to come free, without spinning. */
#define PAUSE_S 0.1

static bool has_room(const struct worker_row *w)
{
	return worker_free_slots(w) > atomic_load(&w->pending) + atomic_load(&w->queued);
}

static bool sibling_has_room(const struct loop *l)
{
	struct board *b = l->board;

	for (unsigned i = 0; i < b->workers_max; i++) {
		struct worker_row *w = board_worker(b, i);

		if (w == l->row || atomic_load(&w->state) != WORKER_READY)
			continue;
		if (has_room(w))
			return true;
	}
	return false;
}

static bool gate_is_open(const struct acceptor *a)
{
	const struct loop *l = a->loop;

	if (a->is_paused || a->is_stopped || l->conn_count >= l->limits->connections)
		return false;
	return !l->is_gated || has_room(l->row) || !sibling_has_room(l);
}

void acceptor_regulate(struct acceptor *a)
{
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
	struct hand *h = a->loop->hand;

	if (h->tally)
		tally_count(h->tally, COUNTER_ACCEPT_ERRORS, 1);
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
	if (a->loop->hand->tally)
		tally_count(a->loop->hand->tally, COUNTER_ACCEPTED, 1);

	struct conn *c = conn_open(a->loop, fd, &peer);
	if (c)
		read_first(a, c);
	return true;
}

static void on_connection(struct ev_loop *ev, ev_io *w, int events)
{
	struct acceptor_port *p = w->data;

	(void)ev, (void)events;
	for (int i = 0; i < ACCEPT_BURST && gate_is_open(p->acceptor); i++)
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
