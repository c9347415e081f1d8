/* The parser: every message whole, byte by byte and at every split, at the edge of a page. */
#include "http/parser.h"

#include <stdlib.h>

#include "feeding.h"
#include "unit.h"

static void put(struct buf *b, const char *what, struct ltd_slice s)
{
	buf_printf(b, "%s=", what);
	buf_append(b, s.at, s.len);
	buf_puts(b, "\n");
}

/* All that is known of a message, as text: two are the same if their texts are. */
static char *told(const struct feeding *f)
{
	const struct request *rq = &f->request;
	struct buf b;

	buf_init(&b, 1 << 16);
	buf_printf(&b, "verdict=%d status=%u why=%s\n", f->verdict, rq->refusal,
		   rq->why ? rq->why : "");
	if (f->verdict == PARSE_DONE) {
		buf_printf(&b, "length=%zu version=%u keep=%d expects=%d head=%d\n", f->parser.seen,
			   rq->version, rq->keep_alive, rq->expects_continue, rq->is_head);
		put(&b, "method", request_slice(rq, rq->method));
		put(&b, "target", request_slice(rq, rq->target));
		put(&b, "path", request_slice(rq, rq->path));
		if (rq->query.at)
			put(&b, "query", request_slice(rq, rq->query));
		put(&b, "host", request_slice(rq, rq->host));
		for (unsigned i = 0; i < rq->field_count; i++) {
			put(&b, "name", request_slice(rq, rq->fields[i].name));
			put(&b, "value", request_slice(rq, rq->fields[i].value));
		}
		put(&b, "body", request_body(rq));
	}
	char *text = buf_steal(&b);
	ck_assert_ptr_nonnull(text);
	return text;
}

/* Fed in two pieces; `step` 1: byte by byte. */
static char *told_when_split(struct ltd_slice bytes, size_t split, size_t step)
{
	struct feeding f;

	feeding_init(&f, &feeding_limits);
	for (size_t n = split; n < bytes.len && step; n += step)
		feeding_feed(&f, slice_of(bytes.at, n));
	if (!step)
		feeding_feed(&f, slice_of(bytes.at, split));
	feeding_feed(&f, bytes);
	char *text = told(&f);
	feeding_fini(&f);
	return text;
}

struct expectation {
	enum parse_verdict verdict;
	unsigned status;
	const char *why;
	struct ltd_slice bytes;
	size_t length;
};

static void check_splits(const struct expectation *e, const char *whole)
{
	for (size_t at = 0; at <= e->bytes.len; at++) {
		char *split = told_when_split(e->bytes, at, at == 0 ? 1 : 0);

		ck_assert_msg(strcmp(split, whole) == 0, "%s, split at %zu:\n%s\nwhole:\n%s",
			      e->why, at, split, whole);
		free(split);
	}
}

static void check(const struct expectation *e)
{
	struct feeding f;

	feeding_init(&f, &feeding_limits);
	feeding_feed(&f, e->bytes);
	char *whole = told(&f);
	ck_assert_msg(f.verdict == e->verdict && f.request.refusal == e->status, "%s: %s", e->why,
		      whole);
	if (e->verdict == PARSE_DONE)
		ck_assert_msg(f.parser.seen == e->length, "%s: %s", e->why, whole);
	if (e->verdict == PARSE_REFUSED)
		ck_assert_msg(f.request.why && f.request.why[0], "%s: no reason given", e->why);
	feeding_fini(&f);
	check_splits(e, whole);
	free(whole);
}

#define BYTES(literal) \
	{ \
		literal, sizeof(literal) - 1 \
	}

static const struct expectation expectations[] = {
#define TAKES(why, bytes) { PARSE_DONE, 0, why, BYTES(bytes), sizeof(bytes) - 1 },
#define STOPS(why, bytes, rest) { PARSE_DONE, 0, why, BYTES(bytes rest), sizeof(bytes) - 1 },
#define WAITS(why, bytes) { PARSE_MORE, 0, why, BYTES(bytes), 0 },
#define REFUSES(status, why, bytes) { PARSE_REFUSED, status, why, BYTES(bytes), 0 },
#include "parser_cases.def"
};

START_TEST(each_message_has_one_verdict)
{
	for (size_t i = 0; i < sizeof expectations / sizeof *expectations; i++)
		check(&expectations[i]);
}
END_TEST

/* What is refused stays refused, whatever follows. */
START_TEST(a_refusal_is_final)
{
	for (size_t i = 0; i < sizeof expectations / sizeof *expectations; i++) {
		const struct expectation *e = &expectations[i];
		struct feeding f;

		if (e->verdict != PARSE_REFUSED)
			continue;
		feeding_init(&f, &feeding_limits);
		feeding_feed(&f, e->bytes);
		f.verdict = PARSE_MORE;
		feeding_feed(&f, e->bytes);
		ck_assert_int_eq(f.verdict, PARSE_REFUSED);
		ck_assert_uint_eq(f.request.refusal, e->status);
		feeding_fini(&f);
	}
}
END_TEST

static struct feeding fed;

static void begin(const char *text, const struct limits *l)
{
	feeding_init(&fed, l);
	feeding_feed(&fed, slice_of_string(text));
}

START_TEST(a_request_begins_behind_empty_lines)
{
	static const struct {
		const char *bytes;
		bool has_begun;
	} table[] = {
		{ "", false },       { "\r", false },       { "\r\n", false },
		{ "\r\n\r", false }, { "\r\n\r\n", false }, { "G", true },
		{ "\r\nG", true },   { "\rG", true },       { "GET / HTTP/1.1\r\n", true },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		begin(table[i].bytes, &feeding_limits);
		ck_assert_msg(parser_has_begun(&fed.parser) == table[i].has_begun, "case %zu", i);
		feeding_fini(&fed);
	}
}
END_TEST

/* Pipelined (RFC 9112 9.3.2): each message ends where the next begins, in any split. */
START_TEST(pipelined_messages_are_cut_apart)
{
	static const char text[] =
		"GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"
		"POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
		"\r\nPOST /3 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
		"3\r\ndef\r\n0\r\nX: y\r\n\r\n"
		"HEAD /4 HTTP/1.0\r\n\r\n";
	static const char *const paths[] = { "/1", "/2", "/3", "/4" };
	static const char *const bodies[] = { "", "abc", "def", "" };

	for (size_t step = 1; step < sizeof text; step++) {
		size_t at = 0, given = 0;

		for (unsigned i = 0; i < 4; i++) {
			feeding_init(&fed, &feeding_limits);
			while (fed.verdict == PARSE_MORE) {
				feeding_feed(&fed, slice_of(text + at, given - at));
				given = given + step < sizeof text ? given + step : sizeof text - 1;
			}
			ck_assert_int_eq(fed.verdict, PARSE_DONE);
			feeding_check_span(&fed, fed.request.path, paths[i]);
			ck_assert(slice_eq(request_body(&fed.request), slice_of_string(bodies[i])));
			at += fed.parser.seen;
			feeding_fini(&fed);
		}
		ck_assert_uint_eq(at, sizeof text - 1);
	}
}
END_TEST

UNIT_SUITE_OF(parser, each_message_has_one_verdict, a_refusal_is_final,
	      a_request_begins_behind_empty_lines, pipelined_messages_are_cut_apart)
