/*
 * A connection on its way from one worker to another.
 *
 * Nothing of the parser's state travels: the request's bytes do, and are parsed again.  That is
 * why a connection moves only with a whole request, or with nothing read at all.
 * Runs in: leader.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/conn.h"

static void add(struct conn_image *image, const void *at, size_t len)
{
	if (len == 0)
		return;
	image->piece[image->count++] = (struct iovec){ (void *)at, len };
	image->bytes += len;
}

/* The decoded body again as one chunk (RFC 9112 7.1); trailers were checked and are not kept. */
static void add_chunked(struct conn_image *image, const struct request *rq)
{
	static const char last[] = "0\r\n\r\n";
	int n = snprintf(image->chunk_head, sizeof image->chunk_head, "%zx\r\n", rq->chunked.len);

	add(image, rq->base, rq->body_at);
	if (rq->chunked.len) {
		add(image, image->chunk_head, (size_t)n);
		add(image, rq->chunked.at, rq->chunked.len);
		add(image, "\r\n", 2);
	}
	add(image, last, sizeof last - 1);
}

void conn_image(const struct conn *c, struct conn_image *image)
{
	const struct request *rq = c->x ? &c->x->request : NULL;

	image->count = 0;
	image->bytes = 0;
	if (!rq)
		return;
	if (rq->is_chunked)
		add_chunked(image, rq);
	else
		add(image, rq->base, c->x->parser.seen);
	add(image, c->in + c->in_at, c->in_len - c->in_at);
}

void conn_passport(const struct conn *c, struct conn_passport *p)
{
	p->accepted_ns = c->accepted_ns;
	p->requests = c->requests;
	p->stored_bytes = c->x ? c->x->request.stored.bytes : 0;
	p->stamps = c->x ? c->x->stamps : (struct stamps){ 0 };
	p->client = c->client;
	p->is_secure = c->is_secure;
	p->awaits_header = c->awaits_header;
}

bool conn_fill_input(struct conn *c, const char *bytes, size_t len)
{
	if (len > UINT32_MAX)
		return false;
	c->in_room = len > CONN_INPUT_BYTES ? (uint32_t)len : CONN_INPUT_BYTES;
	c->in = len > CONN_INPUT_BYTES ? malloc(len) : pool_get(&c->loop->input_pool);
	if (!c->in) {
		c->in_room = 0;
		return false;
	}
	memcpy(c->in, bytes, len);
	c->in_len = (uint32_t)len;
	return true;
}

int conn_body_fd(const struct conn *c)
{
	return c->x ? c->x->request.stored.fd : -1;
}

static bool parse_again(struct conn *c, const struct conn_passport *p, int body_fd)
{
	struct exchange *x = conn_begin(c);

	if (!x)
		return false;
	if (p->stored_bytes)
		x->request.stored = (struct spill){ .fd = body_fd, .bytes = p->stored_bytes };
	if (parser_feed(&x->parser, c->in, c->in_len) != PARSE_DONE) {
		x->request.stored = SPILL_NONE; /* stays the caller's */
		return false;
	}
	x->stamps = p->stamps;
	c->in_at = (uint32_t)x->parser.seen;
	return true;
}

static struct conn *adopt(struct loop *l, int fd, const struct conn_passport *p,
			  enum conn_state state)
{
	struct conn *c = conn_new(l, fd, state);

	if (!c)
		return NULL;
	conn_identify(c, &p->client);
	c->is_secure = p->is_secure;
	c->awaits_header = p->awaits_header;
	c->accepted_ns = p->accepted_ns;
	c->requests = p->requests;
	c->was_moved = true;
	return c;
}

struct conn *conn_adopt(struct loop *l, const struct conn_passport *p, const struct conn_arrival *a)
{
	struct conn *c = adopt(l, a->fd, p, CONN_BUSY);

	if (!c)
		return NULL;
	if (conn_fill_input(c, a->bytes, a->len) && parse_again(c, p, a->body_fd)) {
		conn_watch(c, EV_READ);
		return c;
	}
	if (c->x) {
		c->x->next = NULL;
		c->sent = c->x;
	}
	c->io.fd = -1; /* stays the caller's */
	conn_free(c, CLOSE_MOVE_LOST);
	return NULL;
}

/* Between requests, or before the first one. */
static enum conn_state resting_state(uint64_t requests)
{
	return requests ? CONN_IDLE : CONN_FRESH;
}

static void rest(struct conn *c)
{
	if (c->state == CONN_FRESH)
		atomic_fetch_add_explicit(&c->loop->row->pending, 1, memory_order_relaxed);
	conn_watch(c, EV_READ);
}

struct conn *conn_adopt_idle(struct loop *l, int fd, const struct conn_passport *p)
{
	struct conn *c = adopt(l, fd, p, resting_state(p->requests));

	if (c)
		rest(c);
	return c;
}

void conn_come_back(struct conn *c)
{
	conn_set_state(c, resting_state(c->requests));
	rest(c);
}

void conn_let_go(struct conn *c)
{
	if (c->x) {
		c->x->next = c->sent;
		c->sent = c->x;
		c->x = NULL;
	}
	loop_forget(c->loop, c->io.fd);
	conn_free(c, CLOSE_MOVED);
}
