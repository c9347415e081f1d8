/* An exchange: request, response, stamps and memory in one block.  Runs in: leader, slot. */
#include "http/exchange.h"

#include <unistd.h>

/* A small request and its answer never leave the block. */
#define SPACE_MIN 2048
_Static_assert(sizeof(struct exchange) + SPACE_MIN <= EXCHANGE_BYTES,
	       "the exchange has grown too large");

/* Member by member: the block comes from a pool, and most of it is touched only when used. */
void exchange_init(struct exchange *x, struct conn *c, const struct limits *limits)
{
	size_t space = EXCHANGE_BYTES - offsetof(struct exchange, space);
	size_t body_max = limits->body_bytes < SIZE_MAX ? (size_t)limits->body_bytes : SIZE_MAX;

	x->next = NULL;
	x->conn = c;
	x->link = NULL;
	x->hand = NULL;
	x->stamps = (struct stamps){ 0 };
	arena_init(&x->arena, x->space, space, limits->arena_bytes);
	request_init(&x->request, &x->arena, body_max);
	response_init(&x->response, &x->arena);
	parser_init(&x->parser, &x->request, limits);
	x->lock = NULL;
	x->route = NULL;
	x->mount = NULL;
	x->route_index = 0;
	x->slot = EXCHANGE_NO_SLOT;
	x->worker = 0;
	x->concurrency = 0;
	x->bytes_out = 0;
	x->sent_ahead = 0;
	x->wants_close = false;
	atomic_store_explicit(&x->hold, HOLD_NONE, memory_order_relaxed);
}

void exchange_fini(struct exchange *x)
{
	request_fini(&x->request);
	response_fini(&x->response);
	arena_reset(&x->arena);
}

/* What was written before it became a stream may be more than the buffer holds. */
static bool fits_buffer(const struct response *rs, size_t len)
{
	return rs->written_len <= STREAM_BUFFER_BYTES &&
	       len <= STREAM_BUFFER_BYTES - rs->written_len;
}

int exchange_write(struct exchange *x, const void *bytes, size_t len)
{
	struct response *rs = &x->response;

	if (rs->stream && rs->stream->error)
		return rs->stream->error;
	if (!rs->stream || fits_buffer(rs, len))
		return response_write(rs, bytes, len);
	stream_add_bytes(rs, slice_of(bytes, len));
	return x->link->flush(x);
}

int exchange_file(struct exchange *x, int fd, off_t offset, uint64_t len)
{
	struct response *rs = &x->response;

	if (!rs->stream || fd < 0 || len == 0)
		return response_file(rs, fd, offset, len);
	int error = rs->stream->error;
	if (!error)
		error = stream_add_file(rs, fd, offset, len);
	if (error) {
		close(fd);
		return error;
	}
	return x->link->flush(x);
}
