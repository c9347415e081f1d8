/*
 * A connection's life: opening, state, deadlines, closing.
 * Runs in: leader.
 */
#include "net/conn.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "net/sock.h"

static void on_event(struct ev_loop *ev, ev_io *w, int events)
{
	struct conn *c = w->data;

	(void)ev;
	if (c->state == CONN_FLUSHING && (events & EV_WRITE))
		conn_resume(c, conn_send(c->loop->hand, c));
	else
		conn_read(c);
}

static void gauge(struct conn *c, enum conn_state state, int by)
{
	_Atomic int32_t *g = &c->loop->row->conns[state];

	atomic_store_explicit(g, atomic_load_explicit(g, memory_order_relaxed) + by,
			      memory_order_relaxed);
}

void conn_set_state(struct conn *c, enum conn_state state)
{
	struct loop *l = c->loop;

	if (c->state == CONN_FRESH && state != CONN_FRESH) {
		atomic_fetch_sub_explicit(&l->row->pending, 1, memory_order_relaxed);
		c->state = state;
		gauge(c, CONN_FRESH, -1);
		gauge(c, state, 1);
		l->ops->room(l);
	} else if (c->state != state) {
		gauge(c, c->state, -1);
		gauge(c, state, 1);
		c->state = state;
	}
	c->since_ns = l->now_ns;
	list_remove(&c->node);
	list_append(&l->conns[state], &c->node);
}

void conn_watch(struct conn *c, int events)
{
	if (ev_is_active(&c->io) && (c->io.events & (EV_READ | EV_WRITE)) == events)
		return;
	ev_io_stop(c->loop->ev, &c->io);
	ev_io_set(&c->io, c->io.fd, events);
	ev_io_start(c->loop->ev, &c->io);
	c->is_paused = false;
}

/*
 * Input while the conn is not reading.  The watcher stays on until then: most handlers are
 * done before more input comes, and never stopping it saves two system calls a request.
 */
void conn_pause(struct conn *c)
{
	ev_io_stop(c->loop->ev, &c->io);
	c->is_paused = true;
}

struct conn *conn_new(struct loop *l, int fd, enum conn_state state)
{
	struct conn *c = pool_get(&l->conn_pool);

	if (!c)
		return NULL;
	memset(c, 0, sizeof *c);
	c->loop = l;
	c->accepted_ns = c->since_ns = l->now_ns;
	ev_io_init(&c->io, on_event, fd, EV_READ);
	c->io.data = c;

	c->state = state;
	list_append(&l->conns[state], &c->node);
	gauge(c, state, 1);
	l->conn_count++;
	loop_watch_deadlines(l);
	return c;
}

struct conn *conn_open(struct loop *l, int fd, const struct sockaddr_storage *peer)
{
	struct conn *c = conn_new(l, fd, CONN_FRESH);

	if (!c) {
		sock_close(fd);
		return NULL;
	}
	client_init(&c->client, peer);
	atomic_fetch_add_explicit(&l->row->pending, 1, memory_order_relaxed);
	return c;
}

void conn_recycle(struct conn *c)
{
	while (c->sent) {
		struct exchange *x = c->sent;

		c->sent = x->next;
		exchange_fini(x);
		pool_put(&c->loop->exchange_pool, x);
	}
}

/* What was under way when the client went: it ends now, as 499. */
void conn_give_up(struct conn *c)
{
	struct hand *h = c->loop->hand;
	uint64_t now_ns = clock_mono_ns();
	struct exchange *x = c->x;

	if (x) {
		conn_skip_handler(h, x, now_ns);
		x->next = NULL;
		if (c->answered)
			c->answered_last->next = x;
		else
			c->answered = x;
		c->x = NULL;
	}
	while (c->answered) {
		x = c->answered;
		c->answered = x->next;
		if (x->stamps.at[STAMP_READ]) {
			stamps_mark(&x->stamps, STAMP_SENT, now_ns);
			if (h->tally)
				tally_sent(h->tally, &x->stamps, x->route_index, 499);
		}
		x->next = c->sent;
		c->sent = x;
	}
}

void conn_leave(struct conn *c)
{
	struct loop *l = c->loop;

	if (c->state == CONN_FRESH)
		atomic_fetch_sub_explicit(&l->row->pending, 1, memory_order_relaxed);
	gauge(c, c->state, -1);
	list_remove(&c->node);
	l->conn_count--;
}

void conn_free(struct conn *c, enum close_reason why)
{
	struct loop *l = c->loop;

	conn_recycle(c);
	conn_release_input(c);
	ev_io_stop(l->ev, &c->io);
	sock_close(c->io.fd);
	if (l->hand->tally)
		tally_closed(l->hand->tally, why);
	conn_leave(c);
	pool_put(&l->conn_pool, c);
	l->ops->room(l);
}

void conn_close(struct conn *c, enum close_reason why)
{
	assert(c->state != CONN_MOVING && !(c->state == CONN_BUSY && c->x)); /* not ours to close */
	conn_give_up(c);
	if (c->was_moved)
		sock_finish(c->io.fd); /* a sibling may still hold a copy of the descriptor */
	conn_free(c, why);
}

static void expire_idle(struct conn *c)
{
	/* A request that came in this very moment is served, not reset. */
	if (sock_is_quiet(c->io.fd))
		conn_close(c, CLOSE_IDLE_TIMEOUT);
	else
		conn_read(c);
}

void conn_expire(struct conn *c)
{
	switch (c->state) {
	case CONN_IDLE:
		expire_idle(c);
		return;
	case CONN_READING:
		if (!c->x->stamps.at[STAMP_READ]) {
			conn_close(c, CLOSE_IDLE_TIMEOUT); /* nothing came but an empty line */
			return;
		}
		conn_refuse(c->x, 408, "the request did not arrive in time");
		conn_resume(c, conn_send(c->loop->hand, c));
		return;
	case CONN_FLUSHING:
		conn_close(c, CLOSE_WRITE_TIMEOUT);
		return;
	case CONN_LINGERING:
		conn_close(c, c->was_refused ? CLOSE_REFUSED : CLOSE_RESPONSE_DONE);
		return;
	default:
		conn_close(c, CLOSE_READ_TIMEOUT);
	}
}

void conn_drain(struct conn *c)
{
	if (c->state != CONN_IDLE)
		return;
	if (sock_is_quiet(c->io.fd))
		conn_close(c, CLOSE_DRAIN);
	else
		conn_read(c);
}
