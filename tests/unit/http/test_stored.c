/* A body that is stored in a file while it arrives: the same message, the same bytes. */
#include <stdio.h>
#include <string.h>

#include "http/parser.h"
#include "unit.h"

static const struct limits limits = {
	.line_bytes = 64,
	.fields = 8,
	.field_bytes = 48,
	.head_bytes = 1024,
	.body_bytes = 64,
	.chunk_ext_bytes = 24,
	.trailer_bytes = 40,
	.empty_lines = 2,
	.arena_bytes = 4096,
};

#define HEAD "POST / HTTP/1.1\r\nHost: x\r\n"
#define BODY "0123456789abcdefghijklmnopqrstuvwxyz"
#define NEXT "GET /next HTTP/1.1\r\n"

static const char *const messages[] = {
	HEAD "Content-Length: 36\r\n\r\n" BODY,
	HEAD "Transfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n1a;x=y\r\n"
	     "abcdefghijklmnopqrstuvwxyz\r\n0\r\nX: y\r\n\r\n",
};

/* What the conn does, see net/conn_body.c: an input that grows, is emptied, and ends with NEXT. */
static struct {
	struct arena arena;
	char first[256];
	struct request request;
	struct parser parser;
	char in[512];
	size_t len;
} fed;

static void begin(void)
{
	arena_init(&fed.arena, fed.first, sizeof fed.first, limits.arena_bytes);
	request_init(&fed.request, &fed.arena, (size_t)limits.body_bytes);
	parser_init(&fed.parser, &fed.request, &limits);
	fed.len = 0;
}

static void end(void)
{
	request_fini(&fed.request);
	arena_reset(&fed.arena);
}

static void drop(size_t bytes)
{
	char *body = fed.in + fed.request.body_at;

	memmove(body, body + bytes, fed.len - fed.request.body_at - bytes);
	fed.len -= bytes;
	parser_drop(&fed.parser, bytes);
}

static void store(bool is_whole)
{
	struct request *rq = &fed.request;
	size_t len =
		is_whole ? (size_t)(rq->content_length - rq->stored.bytes) : fed.len - rq->body_at;

	if (rq->stored.fd < 0)
		ck_assert_int_eq(spill_open(&rq->stored, "/tmp"), 0);
	if (rq->is_chunked) {
		ck_assert_int_eq(spill_append(&rq->stored, rq->chunked.at, rq->chunked.len), 0);
		buf_reset(&rq->chunked);
		if (!is_whole)
			drop(parser_droppable(&fed.parser));
		return;
	}
	ck_assert_int_eq(spill_append(&rq->stored, fed.in + rq->body_at, len), 0);
	drop(len);
}

static enum parse_verdict feed(const char *bytes, size_t len)
{
	memcpy(fed.in + fed.len, bytes, len);
	fed.len += len;
	enum parse_verdict verdict = parser_feed(&fed.parser, fed.in, fed.len);
	if (verdict != PARSE_REFUSED && fed.request.head_done &&
	    (verdict == PARSE_MORE || fed.request.stored.fd >= 0))
		store(verdict == PARSE_DONE);
	return verdict;
}

/* In pieces of so many bytes, what follows it as well. */
static void feed_all(const char *message, size_t step)
{
	char text[512];
	size_t total = (size_t)snprintf(text, sizeof text, "%s%s", message, NEXT);
	enum parse_verdict verdict = PARSE_MORE;

	for (size_t at = 0; at < total && verdict == PARSE_MORE; at += step)
		verdict = feed(text + at, at + step < total ? step : total - at);
	ck_assert_msg(verdict == PARSE_DONE, "in steps of %zu: %s", step, fed.request.why);
}

static void check_body(void)
{
	struct request *rq = &fed.request;
	char text[64];
	size_t len = 0;
	ssize_t n;

	ck_assert_uint_eq(request_body_length(rq), strlen(BODY));
	while ((n = request_read(rq, text + len, 7)) > 0)
		len += (size_t)n;
	ck_assert_int_eq(n, 0);
	ck_assert(slice_eq(slice_of(text, len), LTD_SLICE(BODY)));
	ck_assert_int_eq(request_map_body(rq), 0);
	ck_assert(slice_eq(request_body(rq), LTD_SLICE(BODY)));
}

START_TEST(it_is_the_same_in_any_split)
{
	for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
		for (size_t step = 1; step < strlen(messages[i]); step++) {
			begin();
			feed_all(messages[i], step);
			check_body();
			/* What follows is in its place. */
			size_t rest = fed.len - fed.parser.seen;
			ck_assert(slice_eq(slice_of(fed.in + fed.parser.seen, rest),
					   slice_of(NEXT, rest)));
			end();
		}
}
END_TEST

START_TEST(what_is_stored_counts_against_the_limit)
{
	static const char chunks[] = HEAD "Transfer-Encoding: chunked\r\n\r\n20\r\n";
	static const char more[] = "01234567890123456789012345678901\r\n";

	begin();
	ck_assert_int_eq(feed(chunks, sizeof chunks - 1), PARSE_MORE);
	ck_assert_int_eq(feed(more, sizeof more - 1), PARSE_MORE);
	ck_assert_uint_eq(fed.request.stored.bytes, 32);
	ck_assert_int_eq(feed("21\r\n", 4), PARSE_REFUSED);
	ck_assert_uint_eq(fed.request.exceeded, LIMIT_BODY);
	end();
}
END_TEST

/* As in another worker: the head alone, and a descriptor. */
START_TEST(a_stored_body_may_come_by_another_way)
{
	static const char *const heads[] = {
		HEAD "Content-Length: 36\r\n\r\n" NEXT,
		HEAD "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NEXT,
	};

	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		begin();
		ck_assert_int_eq(spill_open(&fed.request.stored, "/tmp"), 0);
		ck_assert_int_eq(spill_append(&fed.request.stored, BODY, strlen(BODY)), 0);
		ck_assert_int_eq(parser_feed(&fed.parser, heads[i], strlen(heads[i])), PARSE_DONE);
		ck_assert_uint_eq(fed.parser.seen, strlen(heads[i]) - strlen(NEXT));
		check_body();
		end();
	}
}
END_TEST

UNIT_SUITE_OF(stored, it_is_the_same_in_any_split, what_is_stored_counts_against_the_limit,
	      a_stored_body_may_come_by_another_way)
