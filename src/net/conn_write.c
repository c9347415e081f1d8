/*
 * Responses to bytes.
 * Runs in: leader, slot (conn_answer and conn_send, while BUSY).
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/conn.h"
#include "net/sock.h"

static bool is_gone(const struct exchange *x)
{
	return sock_is_gone(x->conn->io.fd);
}

const struct exchange_link conn_link = { .is_gone = is_gone };

static bool keeps_open(const struct conn *c, const struct exchange *x)
{
	const struct loop *l = c->loop;

	return x->request.keep_alive && !x->wants_close && !c->is_brief && !l->is_draining &&
	       l->limits->keep_alive_ns > 0 &&
	       (!l->limits->requests || c->requests < l->limits->requests);
}

void conn_answer(struct hand *h, struct exchange *x)
{
	struct conn *c = x->conn;
	bool keep = keeps_open(c, x);
	const struct response_frame frame = {
		.version = x->request.version,
		.is_head = x->request.is_head,
		.keep_alive = keep,
		.date = hand_date(h),
	};

	response_seal(&x->response, &frame);
	if (!keep)
		c->must_close = true;
	x->next = NULL;
	if (c->answered)
		c->answered_last->next = x;
	else
		c->answered = x;
	c->answered_last = x;
	c->answered_count++;
	c->x = NULL;
}

void conn_skip_handler(struct hand *h, struct exchange *x, uint64_t now_ns)
{
	struct stamps *s = &x->stamps;

	if (!s->at[STAMP_READ])
		return;
	if (!s->at[STAMP_PARSED])
		stamps_mark(s, STAMP_PARSED, now_ns);
	if (!s->at[STAMP_READY]) {
		stamps_mark(s, STAMP_READY, now_ns);
		if (h->tally)
			tally_ready(h->tally, s);
	}
	if (s->at[STAMP_STARTED])
		return;
	stamps_mark(s, STAMP_STARTED, now_ns);
	stamps_mark(s, STAMP_FINISHED, now_ns);
	if (h->tally) {
		tally_started(h->tally, s, FLOW_INLINE);
		tally_finished(h->tally, s, FLOW_INLINE);
	}
}

void conn_refuse(struct exchange *x, unsigned status, const char *why)
{
	struct conn *c = x->conn;
	struct hand *h = c->loop->hand;

	conn_skip_handler(h, x, clock_mono_ns());
	response_error(&x->response, status, slice_of_string(why));
	x->wants_close = true;
	c->was_refused = true;
	conn_answer(h, x);
}

void conn_refuse_excess(struct exchange *x, enum limit limit)
{
	struct hand *h = x->conn->loop->hand;

	assert(limit != LIMIT_NONE);
	if (h->tally)
		tally_count(h->tally, counter_of_limit(limit), 1);
	conn_refuse(x, limit_rows[limit].status, limit_rows[limit].text);
}

#define IOV_MOST (2 * CONN_BATCH + 2)

/* What one sendmsg(2) may take: memory, up to the first piece of a file. */
struct batch {
	struct iovec iov[IOV_MOST];
	unsigned count;
	bool is_full; /* or a file comes next: more follows at once */
};

static void gather(const struct exchange *x, struct batch *b)
{
	b->count = 0;
	b->is_full = false;
	for (; x; x = x->next)
		for (const struct piece *p = x->response.out; p; p = p->next) {
			b->is_full = piece_is_file(p) || b->count == IOV_MOST;
			if (b->is_full)
				return;
			b->iov[b->count++] = (struct iovec){ (void *)p->at, (size_t)p->len };
		}
}

/* Not over PIPE_BUF: then one write(2) is one line, whoever else writes to the file. */
#define ACCESS_LINE_BYTES 4096

static void write_access_line(const struct loop *l, const struct exchange *x, unsigned status)
{
	char line[ACCESS_LINE_BYTES];
	size_t n = access_format(l->access, x, status, clock_real_ns(), line, sizeof line);

	if (write(l->access_fd, line, n) < 0) {
		/* A full disk must not stop the service; the error log has its own troubles then. */
	}
}

static void tell_slow(const struct loop *l, const struct exchange *x)
{
	char line[ACCESS_LINE_BYTES];

	slow_line(l->slow, x, x->response.status, line, sizeof line);
	log_warning("%s", line);
}

static void complete(struct hand *h, struct conn *c, struct exchange *x, uint64_t now_ns)
{
	struct loop *l = c->loop;

	stamps_mark(&x->stamps, STAMP_SENT, now_ns);
	if (h->tally) {
		tally_count(h->tally, COUNTER_BYTES_OUT, x->bytes_out);
		tally_sent(h->tally, &x->stamps, x->route_index, x->response.status);
	}
	if (l->access_fd >= 0)
		write_access_line(l, x, x->response.status);
	if (l->slow && slow_is(l->slow, x))
		tell_slow(l, x);
	x->next = c->sent;
	c->sent = x;
}

static void advance(struct hand *h, struct conn *c, uint64_t sent)
{
	uint64_t now_ns = clock_mono_ns();

	while (c->answered) {
		struct exchange *x = c->answered;
		uint64_t n = pieces_eat(&x->response.out, sent);

		x->bytes_out += n;
		sent -= n;
		if (x->response.out)
			return;
		c->answered = x->next;
		c->answered_count--;
		complete(h, c, x, now_ns);
	}
}

/*
 * Who takes his answer as fast as we send it does not keep the loop from the others: after so
 * many bytes they have their turn.
 */
#define TURN_BYTES (4u << 20)

/* Of a file at once. */
#define FILE_SEND_MOST (1u << 20)

static long send_some(const struct conn *c)
{
	const struct piece *p = c->answered->response.out;
	struct batch b;

	if (piece_is_file(p)) {
		size_t len = p->len < FILE_SEND_MOST ? (size_t)p->len : FILE_SEND_MOST;
		long n = sock_send_file(c->io.fd, p->fd, p->offset, len);

		return n ? n : -ENODATA;
	}
	gather(c->answered, &b);
	return sock_send(c->io.fd, b.iov, b.count, b.is_full);
}

/* The file ended early or cannot be read: what was promised in the head cannot be kept. */
static void log_cut(const struct exchange *x, long error)
{
	struct ltd_slice target = request_slice(&x->request, x->request.target);

	log_error("the answer to %.*s was cut after %lu bytes: %s", (int)target.len, target.at,
		  x->bytes_out,
		  error == -ENODATA ? "its file became shorter meanwhile" : strerror((int)-error));
}

static enum send_result stop_sending(const struct conn *c, long error)
{
	const struct exchange *x = c->answered;

	if (!piece_is_file(x->response.out) || error == -EPIPE || error == -ECONNRESET ||
	    error == -ETIMEDOUT)
		return SEND_FAILED;
	log_cut(x, error);
	return SEND_CUT;
}

enum send_result conn_send(struct hand *h, struct conn *c)
{
	uint64_t sent = 0;

	while (c->answered) {
		long n = sent < TURN_BYTES ? send_some(c) : -EAGAIN;

		if (n == -EAGAIN)
			return SEND_BLOCKED;
		if (n < 0)
			return stop_sending(c, n);
		advance(h, c, (uint64_t)n);
		sent += (uint64_t)n;
	}
	return SEND_DONE;
}

/*
 * The last response is out.  Closing with input unread, or before more comes, would reset the
 * response away, and clients that said it was their last request send more all the same
 * (RFC 9112 9.6): so our side ends first, and what still comes is read for a while.
 */
static void part(struct conn *c)
{
	conn_release_input(c);
	sock_finish(c->io.fd);
	conn_set_state(c, CONN_LINGERING);
	conn_watch(c, EV_READ);
}

void conn_resume(struct conn *c, enum send_result result)
{
	conn_recycle(c);
	if (result == SEND_FAILED) {
		conn_close(c, CLOSE_CLIENT_MID_RESPONSE);
		return;
	}
	if (result == SEND_CUT) {
		conn_close(c, CLOSE_RESPONSE_CUT);
		return;
	}
	if (result == SEND_BLOCKED) {
		conn_set_state(c, CONN_FLUSHING);
		conn_watch(c, EV_WRITE);
		return;
	}
	if (c->must_close) {
		part(c);
		return;
	}
	if (c->in_at < c->in_len) {
		conn_set_state(c, CONN_READING);
		conn_parse(c);
		return;
	}
	conn_release_input(c);
	conn_set_state(c, CONN_IDLE);
	if (c->loop->is_draining)
		conn_drain(c);
	else
		conn_watch(c, EV_READ);
}
