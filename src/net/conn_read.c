/*
 * Bytes to requests.
 * Runs in: leader.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "http/request_start.h"
#include "net/conn.h"
#include "net/deadline.h"
#include "net/sock.h"

void conn_release_input(struct conn *c)
{
	if (!c->in)
		return;
	if (c->in_room == CONN_INPUT_BYTES)
		pool_put(&c->loop->input_pool, c->in);
	else
		free(c->in);
	c->in = NULL;
	c->in_at = c->in_len = c->in_room = 0;
}

/* A chunked body is decoded as it comes: its raw bytes need not be kept. */
static void drop_decoded(struct conn *c)
{
	struct exchange *x = c->x;
	size_t bytes = x ? parser_droppable(&x->parser) : 0;

	if (bytes == 0)
		return;
	char *body = c->in + c->in_at + x->request.body_at;
	memmove(body, body + bytes, (size_t)(c->in + c->in_len - (body + bytes)));
	c->in_len -= (uint32_t)bytes;
	parser_drop(&x->parser, bytes);
}

static size_t wanted_room(const struct conn *c)
{
	const struct exchange *x = c->x;

	if (x && x->request.head_done && x->request.has_length && !conn_is_storing(c))
		return x->request.body_at + x->request.content_length;
	return (size_t)c->in_room * 2;
}

static int enlarge(struct conn *c)
{
	size_t room = wanted_room(c);
	char *larger;

	if (room < (size_t)c->in_room + CONN_INPUT_BYTES)
		room = (size_t)c->in_room + CONN_INPUT_BYTES;
	if (room > UINT32_MAX)
		return -ENOBUFS;
	larger = malloc(room);
	if (!larger)
		return -ENOMEM;
	uint32_t len = c->in_len;
	memcpy(larger, c->in, len);
	conn_release_input(c);
	c->in = larger;
	c->in_len = len;
	c->in_room = (uint32_t)room;
	return 0;
}

/* A body is stored in pieces, which should not be too small. */
#define STORED_PIECE_MIN 4096

static bool has_room(const struct conn *c)
{
	return c->in_room - c->in_len >= (conn_is_storing(c) ? STORED_PIECE_MIN : 1);
}

/* The parser refuses a message that outgrows its limits, so that this ends. */
static int make_room(struct conn *c)
{
	if (!c->in) {
		c->in = pool_get(&c->loop->input_pool);
		c->in_room = c->in ? CONN_INPUT_BYTES : 0;
		return c->in ? 0 : -ENOMEM;
	}
	if (has_room(c))
		return 0;
	drop_decoded(c);
	if (c->in_at > 0) {
		memmove(c->in, c->in + c->in_at, c->in_len - c->in_at);
		c->in_len -= c->in_at;
		c->in_at = 0;
	}
	return has_room(c) ? 0 : enlarge(c);
}

static void on_end_of_file(struct conn *c)
{
	conn_close(c, c->x ? CLOSE_CLIENT_MID_REQUEST : CLOSE_CLIENT);
}

static void discard(struct conn *c)
{
	static char sink[65536]; /* written by any worker's leader, read by nobody */
	struct sock_read got;
	int error = sock_receive(c->io.fd, sink, sizeof sink, &got);

	if (error == -EAGAIN)
		return;
	if (error < 0 || got.bytes == 0)
		conn_close(c, conn_last_reason(c));
	else if (deadline_may_linger(c->loop->now_ns - c->parted_ns) && !c->loop->is_draining)
		conn_set_state(c, CONN_LINGERING); /* still sending: the wait begins anew */
}

/* False: nothing was there. */
static bool receive(struct conn *c)
{
	struct loop *l = c->loop;
	struct sock_read got;

	if (make_room(c) < 0) {
		conn_close(c, CLOSE_MEMORY);
		return true;
	}
	int error = sock_receive(c->io.fd, c->in + c->in_len, c->in_room - c->in_len, &got);
	if (error == -EAGAIN) {
		if (conn_holds_nothing(c))
			conn_release_input(c);
		conn_watch(c, EV_READ);
		return false;
	}
	if (error < 0) {
		conn_close(c, c->x                   ? CLOSE_CLIENT_MID_REQUEST
			      : error == -ECONNRESET ? CLOSE_CLIENT
						     : CLOSE_IO_ERROR);
		return true;
	}
	if (got.bytes == 0) {
		on_end_of_file(c);
		return true;
	}
	c->in_len += (uint32_t)got.bytes;
	c->arrived_ns = loop_from_real(l, got.arrived_real);
	if (l->hand->tally)
		tally_count(l->hand->tally, COUNTER_BYTES_IN, got.bytes);
	conn_parse(c);
	return true;
}

bool conn_read(struct conn *c)
{
	switch (c->state) {
	case CONN_FRESH:
	case CONN_IDLE:
	case CONN_READING:
		return receive(c);
	case CONN_LINGERING:
		discard(c);
		return true;
	default:
		conn_pause(c);
		return false;
	}
}

struct exchange *conn_begin(struct conn *c)
{
	struct exchange *x = pool_get(&c->loop->exchange_pool);

	if (!x)
		return NULL;
	exchange_init(x, c, &c->loop->limits->request);
	x->request.client = &c->client;
	x->request.peer_is_proxy = c->peer_is_proxy;
	if (c->is_secure)
		x->request.scheme = LTD_SLICE("https");
	x->link = &conn_link;
	x->worker = c->loop->worker;
	x->route_index = c->loop->row_refused;
	c->x = x;
	return x;
}

static void stamp_first_byte(struct conn *c, struct exchange *x, uint64_t now_ns)
{
	struct hand *h = c->loop->hand;
	struct stamps *s = &x->stamps;

	stamps_mark(s, STAMP_ACCEPTED, c->accepted_ns);
	stamps_mark(s, STAMP_READ, now_ns);
	stamps_mark(s, STAMP_ARRIVED, c->arrived_ns ? c->arrived_ns : now_ns);
	s->arrived_in_kernel = c->arrived_ns != 0;
	if (!h->tally)
		return;
	tally_count(h->tally, s->arrived_in_kernel ? COUNTER_KERNEL_STAMPS : COUNTER_READ_STAMPS, 1);
	tally_read(h->tally, s);
}

/* In whose clock it is, is the proxy's business; what cannot be true is dropped. */
static void stamp_proxy(const struct conn *c, struct exchange *x)
{
	const struct loop *l = c->loop;
	struct stamps *s = &x->stamps;
	uint64_t arrived_ns = s->at[STAMP_ARRIVED] + (uint64_t)l->real_minus_mono_ns;
	struct ltd_slice said = request_slice(&x->request, x->request.start_said);

	s->has_proxy = request_start_wait(said, arrived_ns, &s->proxy_ns);
	if (!s->has_proxy && l->hand->tally)
		tally_count(l->hand->tally, COUNTER_STARTS_DROPPED, 1);
}

static void stamp_progress(struct conn *c, struct exchange *x, enum parse_verdict verdict,
			   uint64_t now_ns)
{
	struct stamps *s = &x->stamps;

	if (!s->at[STAMP_READ] && (verdict != PARSE_MORE || parser_has_begun(&x->parser)))
		stamp_first_byte(c, x, now_ns);
	if (!s->at[STAMP_PARSED] && x->request.head_done) {
		stamps_mark(s, STAMP_PARSED, now_ns);
		if (x->request.start_said.len)
			stamp_proxy(c, x);
	}
	if (verdict != PARSE_DONE)
		return;
	stamps_mark(s, STAMP_READY, now_ns);
	if (c->loop->hand->tally)
		tally_ready(c->loop->hand->tally, s);
}

/* RFC 9110 10.1.1: the client holds its body back until we want it. */
static bool is_holding_back(const struct conn *c)
{
	const struct request *rq = &c->x->request;

	return rq->head_done && rq->expects_continue && !c->said_continue;
}

/* Part of a message is there. */
static void await_more(struct conn *c)
{
	enum send_result result = conn_send(c->loop->hand, c);

	if (result == SEND_DONE && is_holding_back(c))
		result = conn_invite_body(c->loop->hand, c);
	if (result != SEND_DONE) {
		conn_resume(c, result);
		return;
	}
	conn_recycle(c);
	/* The head's deadline runs from its first byte, the body's from the last byte that came. */
	if (c->state != CONN_READING || conn_is_in_body(c))
		conn_set_state(c, CONN_READING);
	conn_watch(c, EV_READ);
}

/* Hands one whole request on.  False: it waits for a slot, and the conn is not ours any more. */
static bool hand_on(struct conn *c, struct exchange *x)
{
	c->in_at += (uint32_t)x->parser.seen;
	c->requests++;
	c->said_continue = false;
	return c->loop->ops->request(c->loop, x);
}

static void refuse(struct exchange *x)
{
	const struct request *rq = &x->request;

	if (rq->exceeded)
		conn_refuse_excess(x, rq->exceeded);
	else if (conn_proxy_intrudes(x->conn))
		conn_refuse(x, 400, "PROXY headers are not taken from here");
	else
		conn_refuse(x, rq->refusal, rq->why);
}

/* A large answer is worth a call of its own. */
#define BATCHED_BYTES_MOST 4096

static bool is_large(const struct exchange *x)
{
	uint64_t bytes = 0;

	for (const struct piece *p = x->response.out; p; p = p->next)
		bytes += p->len;
	return bytes > BATCHED_BYTES_MOST || x->arena.heap_bytes;
}

/*
 * Answers wait for their common writev(2).  A client that lets them lie holds little: while more than
 * tcp_notsent_lowat is unsent (poll(2) says so), one answer goes at a time, until one does not.
 */
static bool batch_is_full(const struct conn *c, const struct exchange *x)
{
	if (c->answered_count >= CONN_BATCH || is_large(x))
		return true;
	return c->answered_count == 1 && c->in_at < c->in_len && !sock_await_room(c->io.fd, 0);
}

/* False: the client is waited for, or gone. */
static bool send_batch(struct conn *c)
{
	enum send_result result = conn_send(c->loop->hand, c);

	if (result == SEND_DONE)
		conn_recycle(c);
	else
		conn_resume(c, result);
	return result == SEND_DONE;
}

void conn_parse(struct conn *c)
{
	struct loop *l = c->loop;
	uint64_t now_ns = clock_mono_ns();

	if (c->awaits_header && !conn_proxy_take(c))
		return;
	while (c->in_at < c->in_len && !c->must_close) {
		struct exchange *x = c->x ? c->x : conn_begin(c);
		if (!x) {
			conn_close(c, CLOSE_MEMORY);
			return;
		}

		enum parse_verdict verdict =
			parser_feed(&x->parser, c->in + c->in_at, c->in_len - c->in_at);
		stamp_progress(c, x, verdict, now_ns);
		if (verdict == PARSE_REFUSED) {
			refuse(x);
			break;
		}
		if (x->request.head_done && conn_store_body(c, verdict == PARSE_DONE) < 0) {
			conn_refuse(x, 503, "there is no room for the body");
			break;
		}
		if (verdict == PARSE_MORE && is_holding_back(c) && !l->ops->wants_body(l, x))
			break;
		if (verdict == PARSE_MORE) {
			await_more(c);
			return;
		}
		if (!hand_on(c, x))
			return;
		now_ns = x->stamps.at[STAMP_FINISHED]; /* the next one is looked at now */
		if (batch_is_full(c, x) && !send_batch(c))
			return;
	}
	conn_resume(c, conn_send(l->hand, c));
}
