/*
 * Giving the kernel what is answered, and seeing to it that the client takes it.
 * Runs in: leader, slot (while BUSY).
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/conn.h"
#include "net/sock.h"

#define IOV_MOST (2 * CONN_BATCH + 2)

/* Of a file at once. */
#define FILE_SEND_MOST (1u << 20)

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
	for (; x && !stream_is_cut(&x->response); x = x->next)
		for (const struct piece *p = x->response.out; p; p = p->next) {
			b->is_full = piece_is_file(p) || b->count == IOV_MOST;
			if (b->is_full)
				return;
			b->iov[b->count++] = (struct iovec){ (void *)p->at, (size_t)p->len };
		}
}

static long send_memory(const struct conn *c, const struct exchange *x)
{
	struct batch b;

	gather(x, &b);
	return sock_send(c->io.fd, b.iov, b.count, b.is_full);
}

static long send_file(const struct conn *c, const struct piece *p)
{
	size_t len = p->len < FILE_SEND_MOST ? (size_t)p->len : FILE_SEND_MOST;
	long n = sock_send_file(c->io.fd, p->fd, p->offset, len);

	return n ? n : -ENODATA; /* the file ends before the piece does */
}

static bool is_of_socket(long error)
{
	return error == -EPIPE || error == -ECONNRESET || error == -ETIMEDOUT;
}

/* The file ended early or cannot be read: what was promised in the head cannot be kept. */
static void log_cut(const struct exchange *x, long error)
{
	struct ltd_slice target = request_slice(&x->request, x->request.target);

	log_error("the answer to %.*s was cut after %lu bytes: %s", (int)target.len, target.at,
		  x->bytes_out,
		  error == -ENODATA ? "its file became shorter meanwhile" : strerror((int)-error));
}

static void note_failure(struct conn *c, const struct exchange *x, long error)
{
	const struct piece *p = x->response.out;

	c->failure = CLOSE_CLIENT_MID_RESPONSE;
	if (!piece_is_file(p) || is_of_socket(error))
		return;
	c->failure = CLOSE_RESPONSE_CUT;
	log_cut(x, error);
}

/* A stream that broke for what happened on the socket has its failure noted already. */
static long fail_stream(struct conn *c, const struct exchange *x)
{
	if (!conn_has_failed(c))
		c->failure = CLOSE_RESPONSE_CUT;
	c->must_reset = x->response.stream->framing == FRAMING_CLOSE;
	return x->response.stream->error;
}

long conn_send_some(struct conn *c, struct exchange *x)
{
	const struct piece *p = x->response.out;
	long n;

	if (conn_has_failed(c))
		return -EPIPE;
	if (stream_is_cut(&x->response))
		return fail_stream(c, x);
	if (!p)
		return 0; /* all of a stream has gone before it ended */
	n = piece_is_file(p) ? send_file(c, p) : send_memory(c, x);
	if (n < 0 && n != -EAGAIN)
		note_failure(c, x, n);
	return n;
}

void conn_count_sent(struct hand *h, struct conn *c, uint64_t bytes)
{
	c->bytes_out += bytes;
	if (h->tally)
		tally_count(h->tally, COUNTER_BYTES_OUT, bytes);
}

/* What the client's side has acknowledged, or (of a unix socket) read. */
static uint64_t taken(const struct conn *c)
{
	return c->bytes_out - sock_unsent(c->io.fd);
}

void conn_begin_pace(const struct conn *c, struct pace *pace, uint64_t now_ns)
{
	pace_begin(pace, taken(c), now_ns);
}

enum close_reason conn_judge_pace(const struct conn *c, struct pace *pace, uint64_t now_ns)
{
	const struct pace_limits *limits = &c->loop->limits->pace;

	if (!pace_is_due(pace, limits, now_ns))
		return CLOSE_COUNT;
	switch (pace_judge(pace, limits, taken(c), now_ns)) {
	case PACE_STALLED:
		return CLOSE_WRITE_TIMEOUT;
	case PACE_SLOW:
		return CLOSE_WRITE_RATE;
	default:
		return CLOSE_COUNT;
	}
}

void conn_fail_slow(struct conn *c, enum close_reason why)
{
	c->failure = why;
	c->must_reset = true; /* or the kernel would keep what it has for such a client */
}
