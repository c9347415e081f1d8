/* What a request says once it is read. */
#include "http/request.h"

#include <stdlib.h>

#include "feeding.h"
#include "unit.h"

static struct feeding fed;

static void begin(const char *text, const struct limits *l)
{
	feeding_init(&fed, l);
	feeding_feed(&fed, slice_of_string(text));
}

START_TEST(the_parts_of_a_request_are_found)
{
	begin("POST /a/b?c=d HTTP/1.1\r\nHost: h:80\r\nX-A:  v w \r\nX-B:\r\nContent-Length: "
	      "2\r\n\r\nhi",
	      &feeding_limits);
	ck_assert_int_eq(fed.verdict, PARSE_DONE);
	feeding_check_span(&fed, fed.request.method, "POST");
	feeding_check_span(&fed, fed.request.target, "/a/b?c=d");
	feeding_check_span(&fed, fed.request.path, "/a/b");
	feeding_check_span(&fed, fed.request.query, "c=d");
	feeding_check_span(&fed, fed.request.host, "h:80");
	ck_assert_uint_eq(fed.request.field_count, 4);
	feeding_check_span(&fed, fed.request.fields[1].name, "X-A");
	feeding_check_span(&fed, fed.request.fields[1].value, "v w");
	feeding_check_span(&fed, fed.request.fields[2].value, "");
	ck_assert(slice_eq(request_body(&fed.request), LTD_SLICE("hi")));
	ck_assert_ptr_eq(request_body(&fed.request).at, fed.request.base + fed.request.body_at);
	ck_assert_uint_eq(fed.request.method_code, HTTP_POST);
	ck_assert_ptr_eq(request_find(&fed.request, LTD_SLICE("x-a")), &fed.request.fields[1]);
	ck_assert_ptr_null(request_find(&fed.request, LTD_SLICE("x-c")));
	feeding_fini(&fed);
}
END_TEST

/* RFC 3986 6.2.2.2: routes and apps see "/a", logs what was sent. */
START_TEST(needless_escapes_do_not_make_another_path)
{
	begin("GET /%61%2fb?%61 HTTP/1.1\r\nHost: h\r\n\r\n", &feeding_limits);
	ck_assert_int_eq(fed.verdict, PARSE_DONE);
	ck_assert(slice_eq(request_path(&fed.request), LTD_SLICE("/a%2fb")));
	feeding_check_span(&fed, fed.request.path, "/%61%2fb");
	feeding_check_span(&fed, fed.request.query, "%61");
	feeding_fini(&fed);
	begin("GET /a HTTP/1.1\r\nHost: h\r\n\r\n", &feeding_limits);
	ck_assert(slice_eq(request_path(&fed.request), LTD_SLICE("/a")));
	feeding_fini(&fed);
}
END_TEST

START_TEST(an_absolute_target_wins_over_host)
{
	begin("GET http://h:8080/p?q HTTP/1.1\r\nHost: other\r\n\r\n", &feeding_limits);
	feeding_check_span(&fed, fed.request.host, "h:8080");
	feeding_check_span(&fed, fed.request.path, "/p");
	feeding_check_span(&fed, fed.request.query, "q");
	feeding_fini(&fed);

	begin("GET http://h?q HTTP/1.1\r\nHost: other\r\n\r\n", &feeding_limits);
	feeding_check_span(&fed, fed.request.host, "h");
	feeding_check_span(&fed, fed.request.path, "/");
	feeding_check_span(&fed, fed.request.query, "q");
	feeding_fini(&fed);
}
END_TEST

/* RFC 9112 9.3, and tokens in lists, over fields, with white space. */
START_TEST(keep_alive_follows_version_and_tokens)
{
	static const struct {
		const char *version, *fields;
		bool keep_alive;
	} table[] = {
		{ "1.1", "", true },
		{ "1.1", "Connection: close\r\n", false },
		{ "1.1", "Connection: Close\t\r\n", false },
		{ "1.1", "Connection: foo , close\r\n", false },
		{ "1.1", "Connection: foo\r\nConnection:close,\r\n", false },
		{ "1.1", "Connection: closed\r\n", true },
		{ "1.1", "Connection: not-close\r\n", true },
		{ "1.1", "Connection: keep-alive, close\r\n", false },
		{ "1.2", "", true },
		{ "1.0", "", false },
		{ "1.0", "Connection: keep-alive\r\n", true },
		{ "1.0", "Connection: Keep-Alive, foo\r\n", true },
		{ "1.0", "Connection: keep-alive\r\nConnection: close\r\n", false },
		{ "1.0", "Keep-Alive: 5\r\n", false },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct buf b;

		buf_init(&b, 256);
		buf_printf(&b, "GET / HTTP/%s\r\nHost: x\r\n%s\r\n", table[i].version,
			   table[i].fields);
		char *text = buf_steal(&b);
		begin(text, &feeding_limits);
		ck_assert_int_eq(fed.verdict, PARSE_DONE);
		ck_assert_msg(fed.request.keep_alive == table[i].keep_alive, "%s", text);
		feeding_fini(&fed);
		free(text);
	}
}
END_TEST

START_TEST(an_expectation_counts_in_1_1_alone)
{
	begin("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n",
	      &feeding_limits);
	ck_assert_int_eq(fed.verdict, PARSE_MORE);
	ck_assert(fed.request.head_done && fed.request.expects_continue);
	feeding_fini(&fed);

	begin("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n",
	      &feeding_limits);
	ck_assert(fed.request.head_done && !fed.request.expects_continue);
	feeding_fini(&fed);
}
END_TEST

START_TEST(a_chunked_body_is_decoded_and_trailers_are_not_fields)
{
	begin("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
	      "3;x=\"\\\"\"\r\nabc\r\n2\r\n\r\n\r\n0\r\nX-T: v\r\n\r\n",
	      &feeding_limits);
	ck_assert_int_eq(fed.verdict, PARSE_DONE);
	ck_assert(slice_eq(request_body(&fed.request), LTD_SLICE("abc\r\n")));
	ck_assert_ptr_null(request_find(&fed.request, LTD_SLICE("X-T")));
	ck_assert_uint_eq(fed.request.field_count, 2);
	feeding_fini(&fed);
}
END_TEST

START_TEST(the_field_table_grows_and_may_run_short)
{
	struct limits roomy = feeding_limits, tight = feeding_limits;
	struct buf b;

	buf_init(&b, 1 << 16);
	buf_puts(&b, "GET / HTTP/1.1\r\nHost: x\r\n");
	for (unsigned i = 1; i < 100; i++)
		buf_printf(&b, "X-%u: %u\r\n", i, i);
	buf_puts(&b, "\r\n");
	char *text = buf_steal(&b);

	roomy.fields = 100;
	begin(text, &roomy);
	ck_assert_int_eq(fed.verdict, PARSE_DONE);
	ck_assert_uint_eq(fed.request.field_count, 100);
	feeding_check_span(&fed, fed.request.fields[99].name, "X-99");
	feeding_check_span(&fed, fed.request.fields[99].value, "99");
	feeding_fini(&fed);

	tight.fields = 100;
	tight.arena_bytes = 16;
	begin(text, &tight);
	ck_assert_int_eq(fed.verdict, PARSE_REFUSED);
	ck_assert_uint_eq(fed.request.refusal, 503);
	feeding_fini(&fed);
	free(text);
}
END_TEST

/* What of five fields is left, and how the message fares, for each way with underscores. */
START_TEST(names_with_an_underscore_are_what_the_limits_say)
{
	static const char text[] = "POST / HTTP/1.1\r\nHost: x\r\nX_A: 1\r\nX-A: 2\r\n_: 3\r\n"
				   "Content_Length: 9\r\n\r\n";
	struct limits l = feeding_limits;

	begin(text, &l);
	ck_assert_int_eq(fed.verdict, PARSE_DONE);
	ck_assert_uint_eq(fed.request.field_count, 2);
	feeding_check_span(&fed, fed.request.fields[1].name, "X-A");
	feeding_check_span(&fed, fed.request.fields[1].value, "2");
	feeding_fini(&fed);

	l.underscores = UNDERSCORES_TAKEN;
	begin(text, &l);
	ck_assert_int_eq(fed.verdict, PARSE_DONE);
	ck_assert_uint_eq(fed.request.field_count, 5);
	feeding_check_span(&fed, fed.request.fields[1].value, "1");
	feeding_fini(&fed);

	l.underscores = UNDERSCORES_REFUSED;
	begin(text, &l);
	ck_assert_int_eq(fed.verdict, PARSE_REFUSED);
	ck_assert_uint_eq(fed.request.refusal, 400);
	feeding_fini(&fed);
}
END_TEST

START_TEST(what_is_dropped_counts_against_the_limit)
{
	struct limits l = feeding_limits;

	l.fields = 3;
	begin("GET / HTTP/1.1\r\nHost: x\r\nA_1: 1\r\nA_2: 2\r\n\r\n", &l);
	ck_assert_int_eq(fed.verdict, PARSE_DONE);
	feeding_fini(&fed);
	begin("GET / HTTP/1.1\r\nHost: x\r\nA_1: 1\r\nA_2: 2\r\nA_3: 3\r\n\r\n", &l);
	ck_assert_uint_eq(fed.request.refusal, 431);
	feeding_fini(&fed);
}
END_TEST

/* RFC 9110 9.3.2: no body in an answer to HEAD, not even in a refusal. */
START_TEST(a_refused_head_is_still_one)
{
	static const struct {
		const char *text;
		bool is_head;
	} table[] = {
		{ "HEAD / HTTP/1.1\r\n\r\n", true },
		{ "HEAD / HTTP/2.0\r\n\r\n", true },
		{ "HEAD /\r\n", true },
		{ "HEAD / HTTP/1.1\nHost: x\r\n\r\n", true },
		{ "HEAD /7890123456789012345678901234567890123456789012345678901234567890", true },
		{ "HEADER / HTTP/1.1\nHost: x\r\n\r\n", false },
		{ "GET / HTTP/1.1\r\n\r\n", false },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		begin(table[i].text, &feeding_limits);
		ck_assert_msg(fed.verdict == PARSE_REFUSED && fed.request.is_head == table[i].is_head,
			      "%s", table[i].text);
		feeding_fini(&fed);
	}
}
END_TEST

START_TEST(there_may_be_no_limit)
{
	struct limits l = feeding_limits;

	l.line_bytes = l.field_bytes = SIZE_MAX;
	begin("GET / HTTP/1.1\r\nHost: x\r\nX-A: b\r\n\r\n", &l);
	ck_assert_int_eq(fed.verdict, PARSE_DONE);
	feeding_fini(&fed);
}
END_TEST

UNIT_SUITE_OF(request, the_parts_of_a_request_are_found, needless_escapes_do_not_make_another_path,
	      an_absolute_target_wins_over_host, keep_alive_follows_version_and_tokens,
	      an_expectation_counts_in_1_1_alone,
	      a_chunked_body_is_decoded_and_trailers_are_not_fields,
	      the_field_table_grows_and_may_run_short,
	      names_with_an_underscore_are_what_the_limits_say,
	      what_is_dropped_counts_against_the_limit, a_refused_head_is_still_one,
	      there_may_be_no_limit)
