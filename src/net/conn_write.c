/*
 * Responses to bytes.
 * Runs in: leader, slot (conn_answer and conn_send, while BUSY).
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/conn.h"
#include "net/sock.h"

static bool keeps_open(const struct conn *c, const struct exchange *x)
{
	const struct loop *l = c->loop;

	return x->request.keep_alive && !x->wants_close && !l->is_draining &&
	       l->limits->keep_alive_ns > 0;
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

#define IOV_MOST (2 * CONN_BATCH + 2)

static void add_piece(struct iovec *iov, unsigned *count, struct ltd_slice piece, uint64_t *skip)
{
	if (*skip >= piece.len) {
		*skip -= piece.len;
		return;
	}
	iov[*count] = (struct iovec){ (void *)(piece.at + *skip), piece.len - *skip };
	(*count)++;
	*skip = 0;
}

static unsigned gather(const struct conn *c, struct iovec iov[IOV_MOST])
{
	uint64_t skip = c->out_done;
	unsigned count = 0;

	for (struct exchange *x = c->answered; x && count + 2 <= IOV_MOST; x = x->next) {
		add_piece(iov, &count, x->response.head, &skip);
		add_piece(iov, &count, x->response.body, &skip);
	}
	return count;
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

static void complete(struct hand *h, struct conn *c, struct exchange *x, uint64_t now_ns)
{
	struct loop *l = c->loop;

	stamps_mark(&x->stamps, STAMP_SENT, now_ns);
	x->bytes_out = x->response.head.len + x->response.body.len;
	if (h->tally) {
		tally_count(h->tally, COUNTER_BYTES_OUT, x->bytes_out);
		tally_sent(h->tally, &x->stamps, x->route_index, x->response.status);
	}
	if (l->access_fd >= 0)
		write_access_line(l, x, x->response.status);
	x->next = c->sent;
	c->sent = x;
}

static void advance(struct hand *h, struct conn *c, uint64_t sent)
{
	uint64_t now_ns = clock_mono_ns();

	c->out_done += sent;
	while (c->answered) {
		struct exchange *x = c->answered;
		uint64_t size = x->response.head.len + x->response.body.len;

		if (c->out_done < size)
			return;
		c->out_done -= size;
		c->answered = x->next;
		c->answered_count--;
		complete(h, c, x, now_ns);
	}
}

enum send_result conn_send(struct hand *h, struct conn *c)
{
	while (c->answered) {
		struct iovec iov[IOV_MOST];
		unsigned count = gather(c, iov);
		long n = sock_send(c->io.fd, iov, count);

		if (n == -EAGAIN)
			return SEND_BLOCKED;
		if (n < 0)
			return SEND_FAILED;
		advance(h, c, (uint64_t)n);
	}
	return SEND_DONE;
}

/* The last response is out.  Closing with input unread would reset it away (RFC 9112 9.6). */
static void part(struct conn *c)
{
	if (!c->was_refused && c->in_at == c->in_len) {
		conn_close(c, CLOSE_RESPONSE_DONE);
		return;
	}
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
