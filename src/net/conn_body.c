/*
 * Bodies too large for memory.
 *
 * No slot waits for a client, so a body is received before its handler starts, and a large one
 * is received into a temporary file.  What is written there is in the system's cache at first:
 * it waits for a disk only when more is written than the disk can take.
 * Runs in: leader.
 */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/conn.h"

/* How often the log says that bodies cannot be stored, while that lasts. */
#define TELL_EVERY_NS (60 * NS_PER_S)

static bool is_large(const struct conn *c)
{
	const struct request *rq = &c->x->request;

	return (rq->is_chunked ? rq->chunked.len : rq->content_length) >
	       c->loop->limits->body_buffer;
}

static void tell(struct loop *l, int error)
{
	if (l->hand->tally)
		tally_count(l->hand->tally, COUNTER_STORE_ERRORS, 1);
	if (l->store_told_ns && l->now_ns - l->store_told_ns < TELL_EVERY_NS)
		return;
	l->store_told_ns = l->now_ns;
	log_error("body_temp_dir %s: %s: requests with bodies over body_buffer are refused",
		  l->limits->body_temp_dir, strerror(-error));
}

static int append(struct conn *c, const void *bytes, size_t len)
{
	struct hand *h = c->loop->hand;

	if (h->tally)
		tally_count(h->tally, COUNTER_BYTES_STORED, len);
	return spill_append(&c->x->request.stored, bytes, len);
}

static int store_chunks(struct conn *c)
{
	struct buf *chunked = &c->x->request.chunked;
	int error = append(c, chunked->at, chunked->len);

	buf_reset(chunked);
	return error;
}

/* What is in the input of a body of known length; behind a whole one the next message begins. */
static int store_input(struct conn *c, bool is_whole)
{
	struct exchange *x = c->x;
	const struct request *rq = &x->request;
	char *body = c->in + c->in_at + rq->body_at, *end = c->in + c->in_len;
	size_t len =
		is_whole ? (size_t)(rq->content_length - rq->stored.bytes) : (size_t)(end - body);
	int error = append(c, body, len);

	memmove(body, body + len, (size_t)(end - (body + len)));
	c->in_len -= (uint32_t)len;
	parser_drop(&x->parser, len);
	return error;
}

static int begin(struct conn *c)
{
	struct loop *l = c->loop;

	if (l->hand->tally)
		tally_count(l->hand->tally, COUNTER_BODIES_STORED, 1);
	return spill_open(&c->x->request.stored, l->limits->body_temp_dir);
}

int conn_store_body(struct conn *c, bool is_whole)
{
	bool is_storing = conn_is_storing(c);
	int error = 0;

	if (!is_storing && (is_whole || !c->loop->limits->body_temp_dir || !is_large(c)))
		return 0;
	if (!is_storing)
		error = begin(c);
	if (!error)
		error = c->x->request.is_chunked ? store_chunks(c) : store_input(c, is_whole);
	if (error)
		tell(c->loop, error);
	return error;
}
