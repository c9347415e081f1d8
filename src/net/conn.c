/*
 * A connection's life: opening, state, deadlines, closing.
 * Runs in: leader.
 */
#include "net/conn.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "net/crowd.h"
#include "net/deadline.h"
#include "net/sock.h"

/* A client that means to ask something has begun to after so long. */
#define SILENT_NS NS_PER_S

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
	c->failure = CLOSE_COUNT;
	ev_io_init(&c->io, on_event, fd, EV_READ);
	c->io.data = c;

	c->state = state;
	list_append(&l->conns[state], &c->node);
	gauge(c, state, 1);
	l->conn_count++;
	loop_watch_deadlines(l);
	return c;
}

void conn_identify(struct conn *c, const struct client *who)
{
	client_copy(&c->client, who);
	c->peer_is_proxy = networks_hold(&c->loop->limits->request.proxies, &who->ip);
	if (c->loop->crowd)
		crowd_enter(c->loop->crowd, c->loop->worker, &c->client);
}

struct conn *conn_open(struct loop *l, int fd, const struct sockaddr_storage *peer)
{
	struct conn *c = conn_new(l, fd, CONN_FRESH);
	struct client who;

	if (!c) {
		sock_close(fd);
		return NULL;
	}
	client_init(&who, peer);
	conn_identify(c, &who);
	c->awaits_header = conn_proxy_is_due(l, &who);
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

void conn_give_up(struct conn *c, unsigned status)
{
	struct hand *h = c->loop->hand;
	uint64_t now_ns = clock_mono_ns();
	struct exchange *x = c->x;

	if (x) {
		conn_skip_handler(h, x, now_ns);
		x->request.base =
			c->in + c->in_at; /* the input may have moved since it was parsed */
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
		if (x->stamps.at[STAMP_READ])
			conn_settle(h, c->loop, x, status, now_ns);
		x->next = c->sent;
		c->sent = x;
	}
}

void conn_leave(struct conn *c)
{
	struct loop *l = c->loop;

	if (c->state == CONN_FRESH)
		atomic_fetch_sub_explicit(&l->row->pending, 1, memory_order_relaxed);
	if (l->crowd)
		crowd_leave(l->crowd, l->worker, &c->client);
	gauge(c, c->state, -1);
	list_remove(&c->node);
	l->conn_count--;
	l->closed_count++;
}

/* Before the other side can see it, and ask how many there were. */
static void count_closed(struct conn *c, enum close_reason why)
{
	struct tally *t = c->loop->hand->tally;

	if (t)
		tally_closed(t, why);
}

static void release(struct conn *c)
{
	struct loop *l = c->loop;

	conn_recycle(c);
	conn_release_input(c);
	ev_io_stop(l->ev, &c->io);
	sock_close(c->io.fd);
	conn_leave(c);
	pool_put(&l->conn_pool, c);
	l->ops->room(l);
}

void conn_free(struct conn *c, enum close_reason why)
{
	count_closed(c, why);
	release(c);
}

/* Of what ends unanswered, or half answered, with its connection. */
static unsigned status_of(enum close_reason why)
{
	switch (why) {
	case CLOSE_RESPONSE_CUT:
		return 500;
	case CLOSE_DEADLINE:
		return 504;
	default:
		return 499; /* the client went, or is to blame */
	}
}

void conn_close(struct conn *c, enum close_reason why)
{
	assert(c->state != CONN_MOVING && !(c->state == CONN_BUSY && c->x)); /* not ours to close */
	conn_give_up(c, status_of(why));
	count_closed(c, why);
	if (c->must_reset)
		sock_reset(c->io.fd);
	if (c->was_moved)
		sock_finish(c->io.fd); /* a sibling may still hold a copy of the descriptor */
	release(c);
}

static uint64_t since(uint64_t then_ns, uint64_t now_ns)
{
	return now_ns > then_ns ? now_ns - then_ns : 0;
}

static struct conn *oldest(const struct loop *l, enum conn_state state)
{
	const struct list *conns = &l->conns[state];

	return list_is_empty(conns) ? NULL : list_entry(list_first(conns), struct conn, node);
}

struct conn *conn_to_evict(const struct loop *l)
{
	struct conn *silent = oldest(l, CONN_FRESH);

	if (silent && since(silent->since_ns, l->now_ns) >= SILENT_NS)
		return silent;
	return oldest(l, CONN_IDLE);
}

bool conn_end_idle(struct conn *c, enum close_reason why)
{
	assert(c->state == CONN_IDLE || c->state == CONN_FRESH);
	if (sock_is_quiet(c->io.fd)) {
		conn_close(c, why);
		return true;
	}
	conn_read(c);
	return false;
}

/* Chunks count by what is in them. */
static uint64_t body_bytes(const struct conn *c)
{
	const struct request *rq = &c->x->request;

	return rq->stored.bytes +
	       (rq->is_chunked ? rq->chunked.len : c->in_len - c->in_at - rq->body_at);
}

/* The limit of time that the request being read exceeds, or LIMIT_NONE. */
static enum limit overdue_request(const struct conn *c)
{
	const struct loop *l = c->loop;
	struct reading r = {
		.in_body = conn_is_in_body(c),
		.quiet_ns = since(c->since_ns, l->now_ns),
	};

	if (r.in_body) {
		r.body_ns = since(c->x->stamps.at[STAMP_PARSED], l->now_ns);
		r.body_bytes = body_bytes(c);
	}
	return deadline_of_request(l->limits, &r);
}

bool conn_is_overdue(const struct conn *c)
{
	uint64_t allowed_ns = deadline_of_state(c->loop->limits, c->state);

	if (c->state == CONN_READING)
		return overdue_request(c) != LIMIT_NONE;
	if (c->state == CONN_FLUSHING)
		return pace_is_due(&c->pace, &c->loop->limits->pace, c->loop->now_ns);
	return allowed_ns && since(c->since_ns, c->loop->now_ns) >= allowed_ns;
}

static void expire_request(struct conn *c)
{
	if (!c->x->stamps.at[STAMP_READ]) {
		conn_close(c, CLOSE_IDLE_TIMEOUT); /* nothing came but an empty line */
		return;
	}
	parser_give_up(&c->x->parser, c->in + c->in_at, c->in_len - c->in_at);
	conn_refuse_excess(c->x, overdue_request(c));
	conn_resume(c, conn_send(c->loop->hand, c));
}

static void expire_flushing(struct conn *c)
{
	enum close_reason why = conn_judge_pace(c, &c->pace, c->loop->now_ns);

	if (why == CLOSE_COUNT)
		return;
	conn_fail_slow(c, why);
	conn_close(c, why);
}

void conn_expire(struct conn *c)
{
	switch (c->state) {
	case CONN_IDLE:
		conn_end_idle(c, CLOSE_IDLE_TIMEOUT);
		return;
	case CONN_READING:
		expire_request(c);
		return;
	case CONN_FLUSHING:
		expire_flushing(c);
		return;
	case CONN_LINGERING:
		conn_close(c, conn_last_reason(c));
		return;
	default:
		conn_close(c, CLOSE_READ_TIMEOUT);
	}
}

enum close_reason conn_last_reason(const struct conn *c)
{
	uint64_t most = c->loop->limits->requests;

	if (c->was_refused)
		return CLOSE_REFUSED;
	return most && c->requests >= most ? CLOSE_REQUESTS : CLOSE_RESPONSE_DONE;
}
