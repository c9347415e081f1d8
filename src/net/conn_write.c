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

static bool keeps_open(const struct conn *c, const struct exchange *x)
{
	const struct loop *l = c->loop;

	return x->request.keep_alive && !x->wants_close && !c->is_brief && !l->is_draining &&
	       l->limits->keep_alive_ns > 0 &&
	       (!l->limits->requests || c->requests < l->limits->requests);
}

void conn_frame(struct hand *h, const struct exchange *x, struct response_frame *frame)
{
	*frame = (struct response_frame){
		.version = x->request.version,
		.is_head = x->request.is_head,
		.keep_alive = keeps_open(x->conn, x),
		.date = hand_date(h),
		.timing = x->conn->loop->limits->server_timing ? &x->stamps : NULL,
	};
}

void conn_append_answered(struct conn *c, struct exchange *x)
{
	x->next = NULL;
	if (c->answered)
		c->answered_last->next = x;
	else
		c->answered = x;
	c->answered_last = x;
	c->answered_count++;
	c->x = NULL;
}

void conn_answer(struct hand *h, struct exchange *x)
{
	struct conn *c = x->conn;
	struct response_frame frame;

	conn_frame(h, x, &frame);
	response_seal(&x->response, &frame);
	conn_skip_sent_ahead(x);
	if (!frame.keep_alive)
		c->must_close = true;
	conn_append_answered(c, x);
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
	s->was_skipped = true;
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

/* Not over PIPE_BUF: then one write(2) is one line, whoever else writes to the file. */
#define ACCESS_LINE_BYTES 4096

static void write_access_line(const struct loop *l, const struct exchange *x, unsigned status)
{
	char line[ACCESS_LINE_BYTES];
	size_t n = access_format(l->access, x, status, clock_real_ns(), line, sizeof line);

	sink_put(l->access_sink, SEVERITY_INFO, "", line, n - 1); /* which ends it by itself */
}

static void tell_slow(const struct loop *l, const struct exchange *x, unsigned status)
{
	char line[ACCESS_LINE_BYTES];

	slow_line(l->slow, x, status, line, sizeof line);
	log_warning("%s", line);
}

void conn_settle(struct hand *h, const struct loop *l, struct exchange *x, unsigned status,
		 uint64_t now_ns)
{
	stamps_mark(&x->stamps, STAMP_SENT, now_ns);
	if (h->tally)
		tally_sent(h->tally, &x->stamps, x->route_index, status);
	if (l->access_sink)
		write_access_line(l, x, status);
	if (l->slow && slow_is(l->slow, x))
		tell_slow(l, x, status);
}

static void complete(struct hand *h, struct conn *c, struct exchange *x, uint64_t now_ns)
{
	conn_settle(h, c->loop, x, x->response.status, now_ns);
	x->next = c->sent;
	c->sent = x;
}

/*
 * Who takes his answer as fast as we send it does not keep the loop from the others: after so
 * many bytes they have their turn.
 */
#define TURN_BYTES (4u << 20)

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

static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\n";

/* Nothing else may come between its bytes: what is left of them goes before all that follows. */
static enum send_result send_interim(struct hand *h, struct conn *c)
{
	const char *end = interim + sizeof interim - 1;
	const struct iovec iov = { (void *)(end - c->interim_left), c->interim_left };
	long n = sock_send(c->io.fd, &iov, 1, false);

	if (n == -EAGAIN)
		return SEND_BLOCKED;
	if (n < 0) {
		c->failure = CLOSE_CLIENT_MID_REQUEST;
		return SEND_FAILED;
	}
	c->interim_left -= (uint8_t)n;
	conn_count_sent(h, c, (uint64_t)n);
	return c->interim_left ? SEND_BLOCKED : SEND_DONE;
}

enum send_result conn_invite_body(struct hand *h, struct conn *c)
{
	c->said_continue = true;
	c->interim_left = sizeof interim - 1;
	return send_interim(h, c);
}

enum send_result conn_send(struct hand *h, struct conn *c)
{
	uint64_t sent = 0;
	enum send_result result = c->interim_left ? send_interim(h, c) : SEND_DONE;

	while (c->answered && result == SEND_DONE) {
		long n = sent < TURN_BYTES ? conn_send_some(c, c->answered) : -EAGAIN;

		if (n == -EAGAIN) {
			result = SEND_BLOCKED;
		} else if (n < 0) {
			result = SEND_FAILED;
		} else {
			advance(h, c, (uint64_t)n);
			sent += (uint64_t)n;
		}
	}
	if (sent)
		conn_count_sent(h, c, sent);
	return result;
}

/*
 * The last response is out.  Closing with input unread, or before more comes, would reset the
 * response away, and clients that said it was their last request send more all the same
 * (RFC 9112 9.6): so our side ends first, and what still comes is read for a while.
 */
static void part(struct conn *c)
{
	conn_release_input(c);
	if (c->is_unfinished)
		sock_reset_on_close(c->io.fd, false);
	c->is_unfinished = false;
	sock_finish(c->io.fd);
	conn_set_state(c, CONN_LINGERING);
	c->parted_ns = c->since_ns;
	conn_watch(c, EV_READ);
}

/* What is answered waits for the client to take some of it. */
static void await_client(struct conn *c)
{
	if (c->state == CONN_FLUSHING)
		pace_progress(&c->pace, c->loop->now_ns);
	else
		conn_begin_pace(c, &c->pace, c->loop->now_ns);
	conn_set_state(c, CONN_FLUSHING);
	conn_watch(c, EV_WRITE);
}

void conn_resume(struct conn *c, enum send_result result)
{
	conn_recycle(c);
	if (result == SEND_FAILED) {
		conn_close(c, c->failure);
		return;
	}
	if (result == SEND_BLOCKED) {
		await_client(c);
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
	conn_watch(c, EV_READ);
}
