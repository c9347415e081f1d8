/*
 * A connection whose handler does not come back.
 *
 * The handler's thread may still look at its connection and its exchange, so both are shelved as
 * they are until the loop closes; the thread has lost the right to answer (http/hold.h), so it
 * changes neither.  The client is given a new connection over the same socket.
 * Runs in: leader.
 */
#include <fcntl.h>

#include "base/clock.h"
#include "net/conn.h"
#include "net/sock.h"

/* Out of the loop's hands, but nothing of it is freed: somebody may be looking. */
static void shelve(struct conn *c)
{
	ev_io_stop(c->loop->ev, &c->io);
	conn_recycle(c);
	conn_leave(c);
	list_append(&c->loop->shelf, &c->node);
}

/* The head is all that is needed to answer, and for the access log. */
static struct exchange *read_head_again(struct conn *c, const struct exchange *old)
{
	struct exchange *x;

	if (!conn_fill_input(c, old->request.base, old->request.body_at))
		return NULL;
	x = conn_begin(c);
	if (!x)
		return NULL;
	parser_feed(&x->parser, c->in, c->in_len);
	x->stamps = old->stamps;
	x->route = old->route;
	x->mount = old->mount;
	x->route_index = old->route_index;
	x->slot = old->slot;
	x->concurrency = old->concurrency;
	return x;
}

/* What was answered before it on the same connection still goes out before it. */
static void inherit_answers(struct conn *c, struct conn *old)
{
	c->answered = old->answered;
	c->answered_last = old->answered_last;
	c->answered_count = old->answered_count;
	for (struct exchange *x = c->answered; x; x = x->next)
		x->conn = c;
	old->answered = old->answered_last = NULL;
	old->answered_count = 0;
}

/* Without a word to the client. */
static void give_up(struct conn *c)
{
	if (c->x) {
		c->x->next = NULL;
		c->sent = c->x;
		c->x = NULL;
	}
	conn_free(c, CLOSE_MEMORY);
}

/* A conn over the same socket in its stead; NULL: memory or descriptors are short. */
static struct conn *stand_in(struct conn *old)
{
	struct loop *l = old->loop;
	/* A copy: the old number stays good for the handler that may be asking about it. */
	int fd = fcntl(old->io.fd, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return NULL;
	struct conn *c = conn_new(l, fd, CONN_BUSY);
	if (!c) {
		sock_close(fd);
		return NULL;
	}
	c->peer_is_proxy = old->peer_is_proxy;
	c->is_secure = old->is_secure;
	if (!read_head_again(c, old->x)) {
		give_up(c);
		return NULL;
	}
	conn_identify(c, &old->client);
	c->accepted_ns = old->accepted_ns;
	c->requests = old->requests;
	c->was_moved = true; /* another descriptor keeps the socket open: see conn_close() */
	inherit_answers(c, old);
	loop_forget(l, old->io.fd);
	shelve(old);
	return c;
}

struct conn *conn_write_off(struct conn *old)
{
	struct conn *c = stand_in(old);

	if (!c)
		return NULL;
	c->x->sent_ahead = old->x->sent_ahead;
	c->x->bytes_out = old->x->bytes_out;
	return c;
}

/* Its end would end an answer of HTTP/1.0 as if it were whole (RFC 9112 6.3). */
static void cut_socket(const struct conn *c, const struct request *rq)
{
	if (rq->version < 11)
		sock_reset(c->io.fd);
	sock_cut(c->io.fd);
}

/* The handler's part is over, as far as anybody counts. */
static void finish(struct hand *h, struct stamps *s)
{
	stamps_mark(s, STAMP_FINISHED, clock_mono_ns());
	if (h->tally)
		tally_finished(h->tally, s, FLOW_SLOT);
}

/* Nothing can be made for it: it is counted, and has no line in the access log. */
static void cut_unlogged(struct conn *c)
{
	struct hand *h = c->loop->hand;
	struct exchange *x = c->x;
	struct stamps stamps = x->stamps;

	c->x = NULL;
	conn_give_up(c, 504);
	c->x = x; /* stays with the handler's thread */
	finish(h, &stamps);
	if (h->tally) {
		stamps_mark(&stamps, STAMP_SENT, stamps.at[STAMP_FINISHED]);
		tally_sent(h->tally, &stamps, x->route_index, 504);
		tally_closed(h->tally, CLOSE_DEADLINE);
	}
	loop_forget(c->loop, c->io.fd);
	shelve(c);
	c->loop->ops->room(c->loop);
}

void conn_cut_off(struct conn *old)
{
	cut_socket(old, &old->x->request);
	struct conn *c = stand_in(old);
	if (!c) {
		cut_unlogged(old);
		return;
	}
	finish(c->loop->hand, &c->x->stamps);
	conn_append_answered(c, c->x);
	conn_close(c, CLOSE_DEADLINE);
}

void conn_clear_shelf(struct loop *l)
{
	while (!list_is_empty(&l->shelf)) {
		struct conn *c = list_entry(list_first(&l->shelf), struct conn, node);

		list_remove(&c->node);
		c->x->next = c->answered;
		c->sent = c->x;
		conn_recycle(c);
		conn_release_input(c);
		sock_close(c->io.fd);
		pool_put(&l->conn_pool, c);
	}
}
