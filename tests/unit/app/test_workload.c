/* The workload app's answers, through a loopback without sockets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "support.h"
#include "unit.h"

static struct mounts mounts;

/* The client of these requests, as /echo tells it. */
#define WHO "\"client\": \"192.0.2.7\", \"scheme\": \"http\", "

static void open_workload(const char *prefix, const char *max_ms)
{
	static struct route_setting given = { .name = (char *)"max_ms", .line = 2 };
	static struct route_conf route;
	struct conf conf = { .routes = &route, .route_count = 1 };

	route = support_route(prefix, "workload", 1);
	given.value = (char *)(uintptr_t)max_ms;
	route.settings = &given;
	route.setting_count = max_ms != NULL;
	ck_assert_int_eq(mounts_open(&mounts, &conf), 0);
}

static void check_get(const char *target, unsigned status, const char *body)
{
	struct answer a = support_get(&mounts, target);

	ck_assert_int_eq(a.verdict, MOUNT_FOUND);
	ck_assert_uint_eq(a.status, status);
	ck_assert(support_body_is(&a, body));
	support_done(&a);
}

/* A 400 that says what is wrong. */
static void check_refused(const char *target, const char *text)
{
	struct answer a = support_get(&mounts, target);

	ck_assert_uint_eq(a.status, 400);
	ck_assert_msg(memmem(a.body.at, a.body.len, text, strlen(text)), "%s: %.*s", target,
		      (int)a.body.len, a.body.at);
	ck_assert(support_head_has(&a, "Content-Type: text/plain"));
	support_done(&a);
}

START_TEST(hello_is_thirteen_bytes_of_text)
{
	open_workload("/", NULL);
	struct answer a = support_get(&mounts, "/hello");

	ck_assert_uint_eq(a.status, 200);
	ck_assert(support_body_is(&a, "Hello, world\n"));
	ck_assert(support_head_has(&a, "\r\nContent-Length: 13\r\n"));
	ck_assert(support_head_has(&a, "\r\nContent-Type: text/plain\r\n"));
	ck_assert_int_eq(a.x->route->class, LTD_INLINE);
	support_done(&a);
	mounts_close(&mounts);
}
END_TEST

START_TEST(head_is_answered_without_a_body)
{
	static const char request[] = "HEAD /bytes?n=1000 HTTP/1.1\r\nHost: t\r\n\r\n";

	open_workload("/", NULL);
	struct answer a = support_ask(&mounts, request, sizeof request - 1);
	ck_assert_int_eq(a.verdict, MOUNT_FOUND);
	ck_assert(support_body_is(&a, ""));
	ck_assert(support_head_has(&a, "\r\nContent-Length: 1000\r\n"));
	support_done(&a);
	mounts_close(&mounts);
}
END_TEST

START_TEST(methods_other_than_get_are_for_echo_alone)
{
	static const char *const paths[] = { "/hello", "/sleep", "/cpu",   "/mixed",
					     "/bytes", "/file",  "/status" };
	const struct mount_entry *e;

	open_workload("/", NULL);
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		ck_assert_int_eq(mounts_find(&mounts, slice_of_string(paths[i]), LTD_POST, &e),
				 MOUNT_BAD_METHOD);
	ck_assert_int_eq(mounts_find(&mounts, LTD_SLICE("/echo"), LTD_POST, &e), MOUNT_FOUND);
	mounts_close(&mounts);
}
END_TEST

START_TEST(sleep_takes_its_time)
{
	open_workload("/", NULL);
	uint64_t before = clock_mono_ns(), cpu = clock_thread_cpu_ns();
	check_get("/sleep?ms=30", 200, "ok\n");
	uint64_t took = clock_mono_ns() - before;

	ck_assert_uint_ge(took, 30 * NS_PER_MS);
	ck_assert_uint_lt(clock_thread_cpu_ns() - cpu, 30 * NS_PER_MS);
	check_get("/sleep?ms=0", 200, "ok\n");
	check_get("/sleep?ms=1e-9", 200, "ok\n");
	mounts_close(&mounts);
}
END_TEST

START_TEST(cpu_burns_thread_cpu_time)
{
	open_workload("/", NULL);
	uint64_t cpu = clock_thread_cpu_ns();
	check_get("/cpu?ms=20.5", 200, "ok\n");
	uint64_t took = clock_thread_cpu_ns() - cpu;

	ck_assert_uint_ge(took, 20 * NS_PER_MS + NS_PER_MS / 2);
	ck_assert_uint_lt(took, 25 * NS_PER_MS);
	check_get("/cpu?ms=0", 200, "ok\n");
	mounts_close(&mounts);
}
END_TEST

START_TEST(mixed_does_both)
{
	open_workload("/", NULL);
	uint64_t before = clock_mono_ns(), cpu = clock_thread_cpu_ns();
	check_get("/mixed?sleep=20&cpu=10", 200, "ok\n");

	ck_assert_uint_ge(clock_mono_ns() - before, 30 * NS_PER_MS);
	ck_assert_uint_ge(clock_thread_cpu_ns() - cpu, 10 * NS_PER_MS);
	mounts_close(&mounts);
}
END_TEST

START_TEST(parameters_are_refused_by_name)
{
	open_workload("/", NULL);
	check_refused("/sleep", "parameter ms is missing; it takes a number from 0 to 60000");
	check_refused("/sleep?sm=1", "parameter ms is missing");
	check_refused("/sleep?ms=", "parameter ms is not a number");
	check_refused("/sleep?ms=abc", "parameter ms is not a number");
	check_refused("/sleep?ms=1x", "parameter ms is not a number");
	check_refused("/sleep?ms=0x10", "parameter ms is not a number");
	check_refused("/sleep?ms=nan", "parameter ms is not a number");
	check_refused("/sleep?ms=inf", "parameter ms is not a number");
	check_refused("/sleep?ms=+1", "parameter ms is not a number");
	check_refused("/sleep?ms=%31%00", "parameter ms is not a number");
	check_refused("/sleep?ms=1e999", "parameter ms is out of range");
	check_refused("/sleep?ms=-0.1", "parameter ms is out of range");
	check_refused("/cpu?ms=60000.1", "parameter ms is out of range");
	check_refused("/mixed?cpu=1", "parameter sleep is missing");
	check_refused("/mixed?sleep=1", "parameter cpu is missing");
	check_refused("/mixed?sleep=-1&cpu=0", "parameter sleep is out of range");
	check_refused("/bytes?n=67108865",
		      "parameter n is out of range; it takes a whole number from 0 to 67108864");
	check_refused("/file?n=67108865", "parameter n is out of range");
	check_refused("/bytes?n=-1", "parameter n is out of range");
	check_refused("/bytes?n=1.5", "parameter n is not a whole number");
	check_refused("/bytes?n=1e3", "parameter n is not a whole number");
	check_refused("/bytes?n=1-1", "parameter n is not a whole number");
	check_refused("/status?code=199",
		      "parameter code is out of range; it takes a whole number from 200 to 599");
	check_refused("/status?code=600", "parameter code is out of range");
	check_get("/sleep?ms=%31", 200, "ok\n");
	mounts_close(&mounts);
}
END_TEST

START_TEST(a_setting_lowers_the_bound)
{
	open_workload("/w", "12.5");
	check_refused("/w/sleep?ms=13",
		      "parameter ms is out of range; it takes a number from 0 to 12.5");
	check_get("/w/sleep?ms=1", 200, "ok\n");
	mounts_close(&mounts);
}
END_TEST

START_TEST(bytes_are_text_of_that_length)
{
	static const size_t sizes[] = { 0, 1, 64, 65, 1 << 20, (1 << 20) + 1, 64 << 20 };
	char target[64];

	open_workload("/", NULL);
	for (size_t i = 0; i < 2 * (sizeof sizes / sizeof *sizes); i++) {
		size_t size = sizes[i / 2];

		snprintf(target, sizeof target, "/%s?n=%zu", i % 2 ? "file" : "bytes", size);
		struct answer a = support_get(&mounts, target);

		ck_assert_uint_eq(a.status, 200);
		ck_assert_uint_eq(a.body.len, size);
		for (size_t at = 0; at + 128 <= a.body.len; at += (1 << 20) - 64) {
			ck_assert_int_eq(a.body.at[at], 'a');
			ck_assert_int_eq(a.body.at[at + 63], '\n');
			ck_assert_mem_eq(a.body.at + at, a.body.at + at + 64, 64);
		}
		support_done(&a);
	}
	mounts_close(&mounts);
}
END_TEST

START_TEST(status_answers_with_the_code)
{
	open_workload("/", NULL);
	check_get("/status?code=200", 200, "200\n");
	check_get("/status?code=404", 404, "404\n");
	check_get("/status?code=418", 418, "418\n");
	check_get("/status?code=599", 599, "599\n");
	check_get("/status?code=204", 204, "");
	check_get("/status?code=205", 205, "");
	check_get("/status?code=304", 304, "");
	mounts_close(&mounts);
}
END_TEST

static void check_echo(const char *request, size_t len, const char *json)
{
	struct answer a = support_ask(&mounts, request, len);

	ck_assert_uint_eq(a.status, 200);
	ck_assert(support_head_has(&a, "Content-Type: application/json\r\n"));
	ck_assert(support_body_is(&a, json));
	support_done(&a);
}

#define CHECK_ECHO(request, json) check_echo((request), sizeof(request) - 1, (json))

START_TEST(echo_gives_the_request_back)
{
	open_workload("/", NULL);
	CHECK_ECHO("GET /echo?a=%20b HTTP/1.1\r\nHost: t\r\nX-Twice: 1\r\nx-twice:  2 \r\n"
		   "Empty:\r\n\r\n",
		   "{\"method\": \"GET\", \"target\": \"/echo?a=%20b\", \"version\": \"1.1\", " WHO
		   "\"headers\": [[\"Host\", \"t\"], [\"X-Twice\", \"1\"], [\"x-twice\", \"2\"], "
		   "[\"Empty\", \"\"]], "
		   "\"body_length\": 0, \"body\": \"\"}\n");
	CHECK_ECHO("DELETE /echo HTTP/1.0\r\n\r\n",
		   "{\"method\": \"DELETE\", \"target\": \"/echo\", \"version\": \"1.0\", " WHO
		   "\"headers\": [], \"body_length\": 0, \"body\": \"\"}\n");
	mounts_close(&mounts);
}
END_TEST

#define ECHO_HEAD(length) "PUT /echo HTTP/1.1\r\nHost: t\r\nContent-Length: " #length "\r\n\r\n"
#define ECHO_JSON(length) \
	"{\"method\": \"PUT\", \"target\": \"/echo\", \"version\": \"1.1\", " WHO "\"headers\": " \
	"[[\"Host\", \"t\"], [\"Content-Length\", \"" #length "\"]], \"body_length\": " #length \
	", "

START_TEST(echo_bodies_are_text_or_base64)
{
	open_workload("/", NULL);
	CHECK_ECHO(ECHO_HEAD(6) "a\"\\\n\0z",
		   ECHO_JSON(6) "\"body\": \"a\\\"\\\\\\u000a\\u0000z\"}\n");
	CHECK_ECHO(ECHO_HEAD(9) "\xc3\xa9\xe2\x82\xac\xf0\x9f\x99\x82",
		   ECHO_JSON(9) "\"body\": \"\xc3\xa9\xe2\x82\xac\xf0\x9f\x99\x82\"}\n");
	CHECK_ECHO(ECHO_HEAD(1) "\xff", ECHO_JSON(1) "\"body_base64\": \"/w==\"}\n");
	CHECK_ECHO(ECHO_HEAD(2) "a\x80", ECHO_JSON(2) "\"body_base64\": \"YYA=\"}\n");
	/* A surrogate, a long form, beyond U+10FFFF, and a character cut short. */
	CHECK_ECHO(ECHO_HEAD(3) "\xed\xa0\x80", ECHO_JSON(3) "\"body_base64\": \"7aCA\"}\n");
	CHECK_ECHO(ECHO_HEAD(2) "\xc0\xaf", ECHO_JSON(2) "\"body_base64\": \"wK8=\"}\n");
	CHECK_ECHO(ECHO_HEAD(4) "\xf4\x90\x80\x80",
		   ECHO_JSON(4) "\"body_base64\": \"9JCAgA==\"}\n");
	CHECK_ECHO(ECHO_HEAD(2) "\xe2\x82", ECHO_JSON(2) "\"body_base64\": \"4oI=\"}\n");
	mounts_close(&mounts);
}
END_TEST

START_TEST(echo_decodes_chunks)
{
	open_workload("/", NULL);
	CHECK_ECHO("POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
		   "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
		   "{\"method\": \"POST\", \"target\": \"/echo\", \"version\": \"1.1\", " WHO
		   "\"headers\": "
		   "[[\"Host\", \"t\"], [\"Transfer-Encoding\", \"chunked\"]], "
		   "\"body_length\": 5, \"body\": \"abcde\"}\n");
	mounts_close(&mounts);
}
END_TEST

START_TEST(echo_values_that_are_no_text_stay_valid_json)
{
	open_workload("/", NULL);
	CHECK_ECHO("GET /echo HTTP/1.1\r\nHost: t\r\nA: \xe9\"\r\nB: \xc3\xa9\r\n\r\n",
		   "{\"method\": \"GET\", \"target\": \"/echo\", \"version\": \"1.1\", " WHO
		   "\"headers\": "
		   "[[\"Host\", \"t\"], [\"A\", \"\\u00e9\\\"\"], [\"B\", \"\xc3\xa9\"]], "
		   "\"body_length\": 0, \"body\": \"\"}\n");
	mounts_close(&mounts);
}
END_TEST

/* Longer than the buffer base64 is written from, in all three remainders. */
START_TEST(long_binary_bodies_come_back_whole)
{
	open_workload("/", NULL);
	for (size_t n = 3000; n < 3003; n++) {
		char request[4096];
		int head =
			snprintf(request, sizeof request,
				 "PUT /echo HTTP/1.1\r\nHost: t\r\nContent-Length: %zu\r\n\r\n", n);
		memset(request + head, 0xff, n);

		struct answer a = support_ask(&mounts, request, (size_t)head + n);
		const char *key = memmem(a.body.at, a.body.len, "\"body_base64\": \"", 16);
		ck_assert_ptr_nonnull(key);
		size_t length = (size_t)(a.body.at + a.body.len - key) - 16 - strlen("\"}\n");
		ck_assert_uint_eq(length, (n + 2) / 3 * 4);
		for (size_t i = 0; i < 4000; i++)
			ck_assert_int_eq(key[16 + i], '/');
		support_done(&a);
	}
	mounts_close(&mounts);
}
END_TEST

START_TEST(an_answer_too_big_for_the_arena_is_a_503)
{
	size_t body = 900000;
	char *request = malloc(body + 200);

	open_workload("/", NULL);
	int head = snprintf(request, 200,
			    "PUT /echo HTTP/1.1\r\nHost: t\r\nContent-Length: %zu\r\n\r\n", body);
	memset(request + head, '\1', body); /* six bytes each as JSON */
	struct answer a = support_ask(&mounts, request, (size_t)head + body);
	ck_assert_uint_eq(a.status, 503);
	support_done(&a);
	free(request);
	mounts_close(&mounts);
}
END_TEST

UNIT_SUITE_OF(workload, hello_is_thirteen_bytes_of_text, head_is_answered_without_a_body,
	      methods_other_than_get_are_for_echo_alone, sleep_takes_its_time,
	      cpu_burns_thread_cpu_time, mixed_does_both, parameters_are_refused_by_name,
	      a_setting_lowers_the_bound, bytes_are_text_of_that_length,
	      status_answers_with_the_code, echo_gives_the_request_back,
	      echo_bodies_are_text_or_base64, echo_decodes_chunks,
	      echo_values_that_are_no_text_stay_valid_json, long_binary_bodies_come_back_whole,
	      an_answer_too_big_for_the_arena_is_a_503)
