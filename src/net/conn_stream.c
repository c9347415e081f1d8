/*
 * What a running handler asks of its connection: whether the client is there, and to send what
 * it has written so far.  The slot waits for a client that takes its time; that is the
 * back-pressure a stream has.
 *
 * Meanwhile the leader may write the request off (http/hold.h).  Before the head has gone it then
 * takes what was answered earlier away with it, so that is touched between hold_begin_sending() and
 * hold_end_sending() alone; afterwards the socket is shut down under us, which ends any wait.
 * Runs in: slot.
 */
#include <errno.h>

#include "base/clock.h"
#include "net/conn.h"
#include "net/sock.h"

/* How long a slot waits for the client before it looks whether that has been fast enough. */
#define LOOK_NS (250 * NS_PER_MS)

/* Until the socket takes more, or failed, or the client has been too slow. */
static int await_room(struct exchange *x, struct pace *pace)
{
	struct conn *c = x->conn;

	while (!sock_await_room(c->io.fd, LOOK_NS)) {
		if (hold_is_written_off(&x->hold))
			return -ECANCELED;
		enum close_reason why = conn_judge_pace(c, pace, clock_mono_ns());
		if (why != CLOSE_COUNT) {
			conn_fail_slow(c, why);
			return -ETIMEDOUT;
		}
	}
	pace_progress(pace, clock_mono_ns());
	return 0;
}

/* One attempt to send what was answered before. */
static enum send_result send_earlier(struct exchange *x)
{
	if (!hold_begin_sending(&x->hold))
		return SEND_WRITTEN_OFF;
	enum send_result result = conn_send(x->hand, x->conn);
	hold_end_sending(&x->hold);
	return result;
}

/* What comes before it on the connection goes first (RFC 9112 9.3.2). */
static int wait_for_turn(struct exchange *x)
{
	enum send_result result = send_earlier(x);
	struct pace pace;

	if (result == SEND_BLOCKED)
		conn_begin_pace(x->conn, &pace, clock_mono_ns());
	while (result == SEND_BLOCKED) {
		int error = await_room(x, &pace);

		if (error)
			return error;
		result = send_earlier(x);
	}
	if (result == SEND_WRITTEN_OFF)
		return -ECANCELED;
	return result == SEND_DONE ? 0 : -EPIPE;
}

/* The head goes: from here on the status is settled, and so is that there is an answer. */
static int begin(struct exchange *x)
{
	struct response_frame frame;

	int error = wait_for_turn(x);
	if (error)
		return error;
	if (!hold_send_head(&x->hold))
		return -ECANCELED;
	if (x->request.version < 11)
		x->wants_close = true; /* its end is the connection's */
	conn_frame(x->hand, x, &frame);
	conn_encode_stream(x);
	error = stream_begin(&x->response, &frame);
	if (error)
		return error;
	conn_skip_sent_ahead(x);
	x->conn->is_unfinished = x->response.stream->framing == FRAMING_CLOSE;
	if (x->conn->is_unfinished)
		sock_reset_on_close(x->conn->io.fd, true);
	return 0;
}

static int send_loaded(struct exchange *x)
{
	struct conn *c = x->conn;
	struct pace pace;
	bool waits = false;

	while (x->response.out) {
		long n = conn_send_some(c, x);

		if (n == -EAGAIN) {
			if (!waits)
				conn_begin_pace(c, &pace, clock_mono_ns());
			waits = true;
			int error = await_room(x, &pace);
			if (error)
				return error;
		} else if (n < 0) {
			return hold_is_written_off(&x->hold) ? -ECANCELED : (int)n;
		} else {
			x->bytes_out += pieces_eat(&x->response.out, (uint64_t)n);
			conn_count_sent(x->hand, c, (uint64_t)n);
		}
	}
	return 0;
}

/* With nothing to send, sending does not tell. */
static int look_for_client(struct exchange *x)
{
	if (hold_is_written_off(&x->hold))
		return -ECANCELED;
	if (sock_end(x->conn->io.fd) != SOCK_GONE)
		return 0;
	x->conn->failure = CLOSE_CLIENT_MID_RESPONSE;
	return -EPIPE;
}

static int send_content(struct exchange *x)
{
	struct response *rs = &x->response;
	bool has_more = true;

	x->next = NULL;
	while (has_more && !rs->stream->error) {
		has_more = stream_load(rs);
		int error = rs->out ? send_loaded(x) : look_for_client(x);
		if (error)
			return error;
	}
	return rs->stream->error;
}

static int flush(struct exchange *x)
{
	struct response *rs = &x->response;
	int error = stream_check(rs);

	if (!error && !stream_has_begun(rs))
		error = begin(x);
	if (!error)
		error = send_content(x);
	if (error)
		stream_break(rs, error);
	stream_unload(rs);
	return error;
}

const struct exchange_link conn_link = { .is_gone = conn_client_is_gone, .flush = flush };
