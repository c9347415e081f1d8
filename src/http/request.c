/* A request as received.  Runs in: leader, slot. */
#include "http/request.h"

/* Field by field: most of it is set by the parser before anybody looks. */
void request_init(struct request *rq, struct arena *arena, size_t body_max)
{
	const struct span none = { 0, 0 };

	rq->base = NULL;
	rq->arena = arena;
	rq->method = rq->target = rq->path = rq->query = rq->host = none;
	rq->plain_path = slice_of(NULL, 0);
	rq->method_code = 0;
	rq->version = 11;
	rq->is_head = rq->keep_alive = rq->expects_continue = false;
	rq->is_chunked = rq->has_length = rq->head_done = rq->host_of_target = false;
	rq->asks_of_server = false;
	rq->seen = 0;
	rq->fields = NULL;
	rq->field_count = rq->field_room = rq->dropped_count = 0;
	rq->is_dropping = false;
	rq->content_length = 0;
	rq->body_at = 0;
	buf_init(&rq->chunked, body_max);
	rq->stored = SPILL_NONE;
	rq->body_read = 0;
	rq->client = NULL;
	rq->start_said = none;
	rq->peer_is_proxy = false;
	rq->scheme = LTD_SLICE("http");
	rq->refusal = 0;
	rq->why = NULL;
	rq->exceeded = LIMIT_NONE;
}

void request_fini(struct request *rq)
{
	if (rq->chunked.at)
		buf_fini(&rq->chunked);
	if (rq->stored.fd >= 0)
		spill_close(&rq->stored);
}

bool request_refuse(struct request *rq, unsigned status, const char *why)
{
	if (!rq->refusal) {
		rq->refusal = (uint16_t)status;
		rq->why = why;
	}
	return false;
}

bool request_exceed(struct request *rq, enum limit limit)
{
	if (!rq->refusal)
		rq->exceeded = (uint8_t)limit;
	return request_refuse(rq, limit_rows[limit].status, limit_rows[limit].text);
}

static bool is_stored(const struct request *rq)
{
	return rq->stored.fd >= 0;
}

int request_map_body(struct request *rq)
{
	return is_stored(rq) ? spill_map(&rq->stored) : 0;
}

struct ltd_slice request_body(const struct request *rq)
{
	if (is_stored(rq))
		return spill_slice(&rq->stored);
	if (rq->is_chunked)
		return rq->chunked.at ? buf_slice(&rq->chunked) : slice_of("", 0);
	return slice_of(rq->base + rq->body_at, (size_t)rq->content_length);
}

uint64_t request_body_length(const struct request *rq)
{
	return rq->is_chunked ? rq->stored.bytes + rq->chunked.len : rq->content_length;
}

static ssize_t read_memory(const struct request *rq, void *to, size_t max)
{
	struct ltd_slice body = request_body(rq);
	size_t n = body.len - (size_t)rq->body_read;

	if (n > max)
		n = max;
	if (n > 0)
		memcpy(to, body.at + rq->body_read, n);
	return (ssize_t)n;
}

ssize_t request_read(struct request *rq, void *to, size_t max)
{
	ssize_t n = is_stored(rq) ? spill_read(&rq->stored, rq->body_read, to, max)
				  : read_memory(rq, to, max);

	if (n > 0)
		rq->body_read += (uint64_t)n;
	return n;
}

const struct field *request_find(const struct request *rq, struct ltd_slice name)
{
	for (uint32_t i = 0; i < rq->field_count; i++)
		if (rq->fields[i].name.len == name.len &&
		    slice_eq_nocase(request_slice(rq, rq->fields[i].name), name))
			return &rq->fields[i];
	return NULL;
}
