/* The generator's command line and its URLs. */
#include "cmd/bench_options.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "unit.h"

#define ARGS_MAX 16

static struct bench_options o;
static struct buf why;

/* Words separated by '|'. */
static int parse(const char *line)
{
	char *copy = strdup(line), *at = copy, *argv[ARGS_MAX];
	int argc = 0;

	argv[argc++] = (char[]){ "bench" };
	while (at && argc < ARGS_MAX - 1)
		argv[argc++] = strsep(&at, "|");
	argv[argc] = NULL;
	bench_options_fini(&o);
	buf_reset(&why);
	int error = bench_options_parse(&o, argc, argv, &why);
	free(copy);
	return error;
}

static void setup(void)
{
	memset(&o, 0, sizeof o);
	buf_init(&why, 1024);
}

static void teardown(void)
{
	bench_options_fini(&o);
	buf_fini(&why);
}

START_TEST(an_open_loop)
{
	ck_assert_int_eq(
		parse("--rate|474.5|--arrival|constant|--duration|2m|--warmup|500ms|--pool|200|"
		      "http://127.0.0.1:8000/sleep?ms=10"),
		0);
	ck_assert(bench_is_open(&o));
	ck_assert_double_eq(o.rate, 474.5);
	ck_assert_int_eq(o.arrival, ARRIVAL_CONSTANT);
	ck_assert_uint_eq(o.duration_ns, 120000000000ull);
	ck_assert_uint_eq(o.warmup_ns, 500000000);
	ck_assert_uint_eq(o.pool, 200);
	ck_assert_uint_eq(o.max_in_flight, 200);
	ck_assert(o.keep_alive);
}
END_TEST

START_TEST(a_closed_loop_of_one_by_default)
{
	ck_assert_int_eq(parse("HTTP://127.0.0.1/"), 0); /* schemes know no case: RFC 3986 3.1 */
	ck_assert(!bench_is_open(&o));
	ck_assert_uint_eq(o.concurrency, 1);
}
END_TEST

START_TEST(wrong_command_lines_are_refused)
{
	static const char *const lines[] = {
		"--rate|0|http://127.0.0.1/",
		"--rate|fast|http://127.0.0.1/",
		"--rate|-1|http://127.0.0.1/",
		"--rate",
		"--no-such-option|http://127.0.0.1/",
		"--arrival|sometimes|http://127.0.0.1/",
		"--duration|0|http://127.0.0.1/",
		"--duration|1h|http://127.0.0.1/",
		"--duration|-1|http://127.0.0.1/",
		"--requests|0|http://127.0.0.1/",
		"--requests|1.5|http://127.0.0.1/",
		"--rate|1|--concurrency|1|http://127.0.0.1/",
		"--rate|1|--think|1|http://127.0.0.1/",
		"--pool|5|http://127.0.0.1/",
		"--arrival|constant|http://127.0.0.1/",
		"--arrival|poisson|--concurrency|2|http://127.0.0.1/",
		"--json|--csv|http://127.0.0.1/",
		"--csv|--json|--csv|http://127.0.0.1/",
		"--rate|1|--pool|5|--no-keepalive|http://127.0.0.1/",
		"--rate|1|--pool|5|http://127.0.0.1:1/|http://127.0.0.1:2/",
		"--json",
		"--header|no colon|http://127.0.0.1/",
		"--header|a: b\r\nc: d|http://127.0.0.1/",
		"--print-schedule|http://127.0.0.1/",
		"--mix|/no/such/file",
		"--mix|90 http://127.0.0.1/,x",
		"--mix|0 http://127.0.0.1/",
		"--mix|-1 http://127.0.0.1/",
		"--mix|90 ,",
	};

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		ck_assert_msg(parse(lines[i]) < 0, "accepted: %s", lines[i]);
		ck_assert_msg(why.len > 0, "no reason for: %s", lines[i]);
	}
}
END_TEST

START_TEST(wrong_urls_are_refused)
{
	static const char *const urls[] = {
		"",
		"127.0.0.1",
		"https://127.0.0.1/",
		"http://",
		"http:///x",
		"http://127.0.0.1:99999999/",
		"http://127.0.0.1:99999/",
		"http://127.0.0.1:0/",
		"http://127.0.0.1:x/",
		"http://u@127.0.0.1/",
		"http://[::1/",
		"http://[::1]x/",
		"http://127.0.0.1?x",
		"http://127.0.0.1/a b",
		"http://127.0.0.1/\r\nX: y",
		"http://127.0.0.1/#f",
		"unix:",
		"unix::/x",
	};

	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
		ck_assert_msg(parse(urls[i]) < 0, "accepted: %s", urls[i]);
}
END_TEST

START_TEST(a_request_is_written_once)
{
	ck_assert_int_eq(parse("--header|X-A: 1|--no-keepalive|http://127.0.0.1:8000/p?q=1"), 0);
	ck_assert_str_eq(
		o.targets.target[0].wire,
		"GET /p?q=1 HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nUser-Agent: littled-bench\r\n"
		"X-A: 1\r\nConnection: close\r\n\r\n");
	ck_assert_uint_eq(o.targets.target[0].wire_bytes, strlen(o.targets.target[0].wire));
}
END_TEST

START_TEST(a_field_given_stands_for_the_usual_one)
{
	ck_assert_int_eq(parse("--header|host: a|--header|X-Host: b|http://127.0.0.1/"), 0);
	ck_assert_str_eq(
		o.targets.target[0].wire,
		"GET / HTTP/1.1\r\nUser-Agent: littled-bench\r\nhost: a\r\nX-Host: b\r\n\r\n");
}
END_TEST

START_TEST(addresses_of_all_kinds)
{
	ck_assert_int_eq(parse("http://127.0.0.1:8000|http://[::1]:8001/x|unix:/run/l.sock:/"
			       "y|unix:/run/l.sock"),
			 0);

	const struct sockaddr_in *v4 = (const void *)&o.targets.endpoint[0].address;
	const struct sockaddr_in6 *v6 = (const void *)&o.targets.endpoint[1].address;
	const struct sockaddr_un *un = (const void *)&o.targets.endpoint[2].address;

	ck_assert_uint_eq(o.targets.endpoints, 3); /* the two of one socket share it */
	ck_assert_int_eq(v4->sin_family, AF_INET);
	ck_assert_uint_eq(ntohs(v4->sin_port), 8000);
	ck_assert_int_eq(v6->sin6_family, AF_INET6);
	ck_assert_uint_eq(ntohs(v6->sin6_port), 8001);
	ck_assert_str_eq(un->sun_path, "/run/l.sock");
	ck_assert_uint_eq(o.targets.target[2].endpoint, o.targets.target[3].endpoint);
	ck_assert_ptr_nonnull(strstr(o.targets.target[1].wire, "Host: [::1]:8001\r\n"));
	ck_assert_ptr_nonnull(strstr(o.targets.target[2].wire, "GET /y "));
}
END_TEST

START_TEST(a_mix_as_a_list_and_as_a_file)
{
	char path[] = "/tmp/littled-mix-XXXXXX", line[128];
	FILE *file = fdopen(mkstemp(path), "w");

	ck_assert_ptr_nonnull(file);
	fputs("# short and long\n\n 90 http://127.0.0.1/a?x=1,2\n10\thttp://127.0.0.1/b\n", file);
	fclose(file);
	snprintf(line, sizeof line, "--mix|%s", path);
	ck_assert_int_eq(parse(line), 0);
	unlink(path);
	ck_assert_uint_eq(o.targets.count, 2);
	ck_assert_double_eq(o.targets.target[0].weight, 90);
	ck_assert_str_eq(o.targets.target[0].url, "http://127.0.0.1/a?x=1,2");

	ck_assert_int_lt(parse("--mix|/tmp"), 0);
	buf_append(&why, "", 1);
	ck_assert_str_eq(why.at, "/tmp: Is a directory");

	ck_assert_int_eq(parse("--mix|90 http://127.0.0.1/a, 10 http://127.0.0.1/b"), 0);
	ck_assert_uint_eq(o.targets.count, 2);
	ck_assert_double_eq(o.targets.target[1].weight, 10);
	ck_assert_str_eq(o.targets.target[1].url, "http://127.0.0.1/b");
}
END_TEST

UNIT_SUITE(bench_options)
Suite *suite_bench_options(void)
{
	const TTest *const tests[] = {
		an_open_loop,
		a_closed_loop_of_one_by_default,
		wrong_command_lines_are_refused,
		wrong_urls_are_refused,
		a_request_is_written_once,
		a_field_given_stands_for_the_usual_one,
		addresses_of_all_kinds,
		a_mix_as_a_list_and_as_a_file,
	};
	Suite *s = suite_create("bench_options");
	TCase *c = tcase_create("bench_options");

	tcase_add_checked_fixture(c, setup, teardown);
	for (unsigned i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(c, tests[i]);
	suite_add_tcase(s, c);
	return s;
}
