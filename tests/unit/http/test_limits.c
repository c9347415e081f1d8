/* What a request may exceed: at the limit it is taken, one byte beyond it is refused and told why. */
#include "http/limits.h"

#include <stdio.h>

#include "feeding.h"
#include "unit.h"

static const struct limits small = {
	.line_bytes = 20,
	.fields = 3,
	.field_bytes = 26,
	.head_bytes = 76,
	.body_bytes = 10,
	.chunk_ext_bytes = 6,
	.trailer_bytes = 20,
	.empty_lines = 2,
	.arena_bytes = 4096,
};

#define HEAD "POST / HTTP/1.1\r\nHost: x\r\n"
#define LENGTH HEAD "Content-Length: "
#define CHUNKED HEAD "Transfer-Encoding: chunked\r\n\r\n"

static const struct {
	enum limit limit;
	const char *at_it, *beyond;
} cases[] = {
	{ LIMIT_LINE, "GET /678901 HTTP/1.0\r\n\r\n", "GET /6789012 HTTP/1.0\r\n\r\n" },
	{ LIMIT_FIELDS, "GET / HTTP/1.0\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n",
	  "GET / HTTP/1.0\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n" },
	{ LIMIT_FIELD_SIZE, "GET / HTTP/1.0\r\nA: 45678901234567890123456\r\n\r\n",
	  "GET / HTTP/1.0\r\nA: 456789012345678901234567\r\n\r\n" },
	{ LIMIT_HEAD, "GET / HTTP/1.0\r\nA: 45678901234567890123456\r\nB: 45678901234567890123456\r\nC: 4\r\n\r\n",
	  "GET / HTTP/1.0\r\nA: 45678901234567890123456\r\nB: 45678901234567890123456\r\nC: "
	  "45\r\n\r\n" },
	{ LIMIT_BODY, LENGTH "10\r\n\r\n0123456789", LENGTH "11\r\n\r\n" },
	{ LIMIT_BODY, CHUNKED "6\r\n012345\r\n4\r\n6789\r\n0\r\n\r\n",
	  CHUNKED "6\r\n012345\r\n5\r\n" },
	{ LIMIT_CHUNK_EXT, CHUNKED "1;ab\r\nx\r\n0;cd\r\n\r\n",
	  CHUNKED "1;ab\r\nx\r\n0;cde\r\n\r\n" },
	{ LIMIT_TRAILERS, CHUNKED "0\r\nA: 456789\r\nB: 45678\r\n\r\n",
	  CHUNKED "0\r\nA: 456789\r\nB: 4567890\r\n\r\n" },
	{ LIMIT_EMPTY_LINES, "\r\n\r\nGET / HTTP/1.0\r\n\r\n", "\r\n\r\n\r\nGET / HTTP/1.0\r\n\r\n" },
};

#define CASES (sizeof cases / sizeof *cases)

/* First `split` bytes, then all. */
static void feed_split(struct feeding *f, const char *text, size_t split)
{
	feeding_init(f, &small);
	feeding_feed(f, slice_of(text, split));
	feeding_feed(f, slice_of_string(text));
}

START_TEST(at_its_limit_a_request_is_taken)
{
	struct feeding f;

	for (size_t i = 0; i < CASES; i++)
		for (size_t split = 0; split < strlen(cases[i].at_it); split++) {
			feed_split(&f, cases[i].at_it, split);
			ck_assert_msg(f.verdict == PARSE_DONE, "%zu, split at %zu: %s", i, split,
				      f.request.why);
			ck_assert_uint_eq(f.request.exceeded, LIMIT_NONE);
			feeding_fini(&f);
		}
}
END_TEST

START_TEST(beyond_it_the_limit_is_named)
{
	struct feeding f;

	for (size_t i = 0; i < CASES; i++) {
		const struct limit_row *row = &limit_rows[cases[i].limit];

		for (size_t split = 0; split < strlen(cases[i].beyond); split++) {
			feed_split(&f, cases[i].beyond, split);
			ck_assert_msg(f.verdict == PARSE_REFUSED, "%zu, split at %zu", i, split);
			ck_assert_uint_eq(f.request.exceeded, cases[i].limit);
			ck_assert_uint_eq(f.request.refusal, row->status);
			ck_assert_str_eq(f.request.why, row->text);
			feeding_fini(&f);
		}
	}
}
END_TEST

START_TEST(what_is_wrong_for_another_reason_exceeds_nothing)
{
	struct feeding f;

	feed_split(&f, "GET / HTTP/1.1\r\n\r\n", 0);
	ck_assert_int_eq(f.verdict, PARSE_REFUSED);
	ck_assert_uint_eq(f.request.exceeded, LIMIT_NONE);
	feeding_fini(&f);
}
END_TEST

START_TEST(a_line_or_field_without_a_limit_has_that_of_the_head)
{
	struct limits l = small;
	struct feeding f;
	char text[128];

	l.line_bytes = l.field_bytes = SIZE_MAX;
	l.head_bytes = 64;
	snprintf(text, sizeof text, "GET /%*s HTTP/1.0\r\nA: b\r\n\r\n", 0, "");
	feeding_init(&f, &l);
	feeding_feed(&f, slice_of_string(text));
	ck_assert_int_eq(f.verdict, PARSE_DONE);
	feeding_fini(&f);

	snprintf(text, sizeof text, "GET / HTTP/1.0\r\nA: %060d\r\n\r\n", 1);
	feeding_init(&f, &l);
	feeding_feed(&f, slice_of_string(text));
	ck_assert_uint_eq(f.request.exceeded, LIMIT_HEAD);
	feeding_fini(&f);

	snprintf(text, sizeof text, "GET /%060d HTTP/1.0\r\n\r\n", 1);
	feeding_init(&f, &l);
	feeding_feed(&f, slice_of_string(text));
	ck_assert_uint_eq(f.request.exceeded, LIMIT_LINE);
	feeding_fini(&f);
}
END_TEST

UNIT_SUITE_OF(limits, at_its_limit_a_request_is_taken, beyond_it_the_limit_is_named,
	      what_is_wrong_for_another_reason_exceeds_nothing,
	      a_line_or_field_without_a_limit_has_that_of_the_head)
