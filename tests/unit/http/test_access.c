/* The access log: atoms, escapes, bad formats, lines too long. */
#include "http/access.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "unit.h"

#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"

static struct client known = { .text = "192.0.2.7", .is_printed = true };

static const struct limits limits = {
	.line_bytes = 4094,
	.fields = 100,
	.field_bytes = 8190,
	.head_bytes = 65536,
	.body_bytes = 4096,
	.chunk_ext_bytes = 100,
	.trailer_bytes = 100,
	.empty_lines = 2,
	.arena_bytes = 65536,
};

static struct exchange *x;

/* A request that waited 1.5 ms, was served in 250 us, and took 3.25 s in all. */
static void begin(const char *text)
{
	static const struct response_frame frame = { 11, false, true, DATE, NULL };

	x = malloc(EXCHANGE_BYTES);
	ck_assert_ptr_nonnull(x);
	exchange_init(x, NULL, &limits);
	parser_feed(&x->parser, text, strlen(text));
	response_type(&x->response, LTD_SLICE("text/plain"));
	response_field(&x->response, LTD_SLICE("X-Out"), LTD_SLICE("a \"b\""));
	response_write(&x->response, "hello", 5);
	response_seal(&x->response, &frame);
	x->bytes_out = x->response.head.len + x->response.body.len;
	x->request.client = &known;
	x->worker = 3;
	x->concurrency = 12;

	uint64_t at = 1000000000;
	stamps_mark(&x->stamps, STAMP_READ, at);
	stamps_mark(&x->stamps, STAMP_ARRIVED, at);
	stamps_mark(&x->stamps, STAMP_PARSED, at);
	stamps_mark(&x->stamps, STAMP_READY, at);
	stamps_mark(&x->stamps, STAMP_STARTED, at + 1500 * NS_PER_US);
	stamps_mark(&x->stamps, STAMP_FINISHED, at + 1750 * NS_PER_US);
	stamps_mark(&x->stamps, STAMP_SENT, at + 3250 * NS_PER_MS);
}

static void end(void)
{
	exchange_fini(x);
	free(x);
}

static void check(const char *format, const char *line)
{
	struct access a;
	char why[128] = "", out[512];

	ck_assert_msg(access_open(&a, format, why, sizeof why) == 0, "%s: %s", format, why);
	size_t len = access_format(&a, x, 200, 784111777 * NS_PER_S, out, sizeof out);
	ck_assert_msg(len > 0 && out[len - 1] == '\n', "%s: no end of line", format);
	out[len - 1] = '\0';
	ck_assert_msg(strcmp(out, line) == 0, "%s: '%s' is not '%s'", format, out, line);
	access_close(&a);
}

#define REQUEST \
	"GET /a/b?c=d HTTP/1.1\r\nHost: x\r\nReferer: http://r/\r\nUser-Agent: test \"1\"\\\r\n" \
	"Authorization: Basic YWxhZGRpbjpvcGVuc2VzYW1l\r\nX-In: \xc3\xbc\tq\r\n\r\n"

START_TEST(every_atom_says_its_part)
{
	static const struct {
		const char *format, *line;
	} table[] = {
		{ "%(h)s", "192.0.2.7" },
		{ "%(l)s", "-" },
		{ "%(u)s", "aladdin" },
		{ "%(r)s", "GET /a/b?c=d HTTP/1.1" },
		{ "%(m)s", "GET" },
		{ "%(U)s", "/a/b" },
		{ "%(q)s", "c=d" },
		{ "%(H)s", "HTTP/1.1" },
		{ "%(s)s", "200" },
		{ "%(B)s", "5" },
		{ "%(b)s", "5" },
		{ "%(f)s", "http://r/" },
		{ "%(a)s", "test \\\"1\\\"\\\\" },
		{ "%(T)s", "3" },
		{ "%(D)s", "3250000" },
		{ "%(M)s", "3250" },
		{ "%(L)s", "3.250000" },
		{ "%(Q)s", "1500" },
		{ "%(S)s", "250" },
		{ "%(C)s", "-" },
		{ "%(c)s", "12" },
		{ "%(w)s", "3" },
		{ "%(k)s", "-" },
		{ "%({x-in}i)s", "\\xc3\\xbc\\x09q" },
		{ "%({nope}i)s", "-" },
		{ "%({x-OUT}o)s", "a \\\"b\\\"" },
		{ "%({content-length}o)s", "5" },
		{ "%({date}o)s", DATE },
		{ "%({nope}o)s", "-" },
		{ "100%%", "100%" },
		{ "", "" },
		{ "%(s)s%(s)s", "200200" },
		{ "<%(s)s> \\ \"", "<200> \\ \"" },
	};

	begin(REQUEST);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		check(table[i].format, table[i].line);
	end();
}
END_TEST

START_TEST(what_was_measured_is_said)
{
	char pid[32];

	begin(REQUEST);
	x->stamps.has_cpu = true;
	x->stamps.cpu_ns = 42 * NS_PER_US + 999;
	x->stamps.has_proxy = true;
	x->stamps.proxy_ns = 7 * NS_PER_MS;
	x->slot = 0;
	check("%(C)s %(k)s %(X)s", "42 0 7000");
	snprintf(pid, sizeof pid, "<%d>", (int)getpid());
	check("%(p)s", pid);
	end();
}
END_TEST

START_TEST(the_default_format_is_gunicorns)
{
	setenv("TZ", "UTC", 1);
	begin(REQUEST);
	check(ACCESS_FORMAT_DEFAULT,
	      "192.0.2.7 - aladdin [06/Nov/1994:08:49:37 +0000] "
	      "\"GET /a/b?c=d HTTP/1.1\" 200 5 \"http://r/\" \"test \\\"1\\\"\\\\\"");
	end();
}
END_TEST

START_TEST(a_refused_request_is_logged_as_far_as_it_went)
{
	begin("G(T / HTTP/1.1\r\n\r\n");
	check("%(r)s|%(m)s|%(U)s|%(q)s|%(f)s|%(u)s", "-|-|-||-|-");
	end();
	begin("GET /a#b HTTP/1.1\r\n\r\n");
	check("%(r)s|%(U)s", "GET /a HTTP/1.1|-");
	x->bytes_out = 3;
	check("%(B)s %(b)s", "0 -");
	x->request.client = NULL;
	check("%(h)s", "-");
	end();
}
END_TEST

START_TEST(credentials_that_do_not_decode_are_no_user)
{
	static const char *const values[] = { "Bearer YTpi", "Basic",      "Basic ",
					      "Basic Y!==",  "Basic YWI=", "Basic OmI=" };

	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		char text[128];

		snprintf(text, sizeof text, "GET / HTTP/1.0\r\nAuthorization: %s\r\n\r\n",
			 values[i]);
		begin(text);
		check("%(u)s", "-");
		end();
	}
}
END_TEST

START_TEST(more_than_one_space_may_stand_before_credentials)
{
	begin("GET / HTTP/1.0\r\nAuthorization: Basic   YWxhZGRpbjpv\r\n\r\n");
	check("%(u)s", "aladdin");
	end();
	begin("GET / HTTP/1.0\r\nAuthorization: Basic YWxh ZGRpbjpv\r\n\r\n");
	check("%(u)s", "-");
	end();
}
END_TEST

START_TEST(a_bad_format_is_refused_with_a_sentence)
{
	static const char *const bad[] = {
		"%",          "%s",      "%(",       "%(h",           "%(h)",
		"%()s",       "%(z)s",   "%(hh)s",   "%({}i)s",       "%({a}e)s",
		"%({a b}i)s", "%({ai)s", "%(\xc3)s", "a %(s)s %(j)s", "a\nb",
		"%({a}i}s",
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct access a;
		char why[128] = "";

		ck_assert_msg(access_open(&a, bad[i], why, sizeof why) < 0, "%s", bad[i]);
		ck_assert_msg(why[0], "%s: no reason given", bad[i]);
	}
}
END_TEST

/* Cut anywhere: the line still ends, and no escape is cut in two. */
START_TEST(a_line_too_long_keeps_its_end)
{
	struct access a;
	char why[128], whole[256], out[256];

	begin("GET / HTTP/1.0\r\nX: \xc3\"\\ plain\r\n\r\n");
	ck_assert_int_eq(access_open(&a, "<%({x}i)s> %(s)s", why, sizeof why), 0);
	size_t len = access_format(&a, x, 200, 0, whole, sizeof whole);
	for (size_t room = 1; room <= len; room++) {
		char *exact = malloc(room);
		size_t n = access_format(&a, x, 200, 0, exact, room);

		ck_assert_uint_le(n, room);
		ck_assert_int_eq(exact[n - 1], '\n');
		ck_assert_int_eq(memcmp(exact, whole, n - 1), 0);
		memcpy(out, exact, n - 1);
		out[n - 1] = '\0';
		ck_assert_msg(n - 1 != 2 && n - 1 != 3 && n - 1 != 4, "an escape cut in two: %s",
			      out);
		free(exact);
	}
	access_close(&a);
	end();
}
END_TEST

UNIT_SUITE_OF(access, every_atom_says_its_part, what_was_measured_is_said,
	      the_default_format_is_gunicorns, a_refused_request_is_logged_as_far_as_it_went,
	      credentials_that_do_not_decode_are_no_user,
	      more_than_one_space_may_stand_before_credentials,
	      a_bad_format_is_refused_with_a_sentence, a_line_too_long_keeps_its_end)
