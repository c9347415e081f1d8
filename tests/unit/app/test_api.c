/* The functions apps call, called by an app. */
#include <littled/app.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "app/api.h"
#include "support.h"
#include "unit.h"

/* A mount whose only route is the handler under test; no file, no loader. */
static struct answer run(ltd_handler_fn *handler, const char *request)
{
	static const struct ltd_app app = { .abi = LTD_ABI, .name = "test" };
	struct ltd_route route = { "/", LTD_INLINE, LTD_ANY_METHOD, .handle = handler };
	struct mount mount = { .prefix = LTD_SLICE("/m"), .app = &app };
	struct mounts m;
	struct route_conf conf_route =
		support_route("/m", support_app("one", "{ \"/\", 0, 0, say_path },"), 1);
	struct conf conf = { .routes = &conf_route, .route_count = 1 };

	ck_assert_int_eq(mounts_open(&m, &conf), 0);
	m.entry[0].route = &route;
	m.entry[0].mount = &mount;
	struct answer a = support_ask(&m, request, strlen(request));
	a.x->route = NULL;
	a.x->mount = NULL;
	mounts_close(&m);
	return a;
}

static bool is(struct ltd_slice s, const char *text)
{
	return s.at && slice_eq(s, slice_of_string(text));
}

static int ask_everything(struct ltd_exchange *x, void *state)
{
	struct ltd_slice value;

	ck_assert_ptr_null(state);
	ck_assert(is(ltd_request_method(x), "PATCH"));
	ck_assert(is(ltd_request_target(x), "/m/a%20b/c?x=1%2B1&y&z=a+b&x=2&bad=%zz"));
	ck_assert(is(ltd_request_path(x), "/m/a%20b/c"));
	ck_assert(is(ltd_request_subpath(x), "/a%20b/c"));
	ck_assert(is(ltd_request_query(x), "x=1%2B1&y&z=a+b&x=2&bad=%zz"));
	ck_assert_uint_eq(ltd_request_version(x), 11);
	ck_assert_uint_eq(ltd_request_field_count(x), 3);
	ck_assert(is(ltd_request_field(x, 1).name, "X-A"));
	ck_assert(is(ltd_request_field(x, 1).value, "one two"));
	ck_assert_ptr_null(ltd_request_field(x, 3).name.at);
	ck_assert(is(ltd_request_header(x, "x-a"), "one two"));
	ck_assert_ptr_null(ltd_request_header(x, "x-b").at);
	ck_assert(is(ltd_request_body(x), "body"));
	ck_assert_uint_eq(ltd_request_body_length(x), 4);
	char piece[3];
	ck_assert_int_eq(ltd_request_read(x, piece, 3), 3);
	ck_assert_mem_eq(piece, "bod", 3);
	ck_assert_int_eq(ltd_request_read(x, piece, 3), 1);
	ck_assert_int_eq(piece[0], 'y');
	ck_assert_int_eq(ltd_request_read(x, piece, 3), 0);
	ck_assert(is(ltd_request_body(x), "body"));
	ck_assert(is(ltd_request_scheme(x), "http"));
	ck_assert(!ltd_request_client_is_gone(x));
	ck_assert(is(ltd_request_client(x), "192.0.2.7"));
	ck_assert(ltd_request_param(x, "x", &value) && is(value, "1+1"));
	ck_assert(ltd_request_param(x, "y", &value) && value.len == 0);
	ck_assert(ltd_request_param(x, "z", &value) && is(value, "a b"));
	ck_assert(ltd_request_param(x, "bad", &value) && is(value, "%zz"));
	ck_assert(!ltd_request_param(x, "w", &value));
	return 0;
}

START_TEST(everything_about_a_request)
{
	struct answer a =
		run(ask_everything, "PATCH /m/a%20b/c?x=1%2B1&y&z=a+b&x=2&bad=%zz HTTP/1.1\r\n"
				    "Host: t\r\nX-A:  one two \r\nContent-Length: 4\r\n\r\nbody");

	ck_assert_int_eq(a.verdict, MOUNT_FOUND);
	ck_assert_uint_eq(a.status, 200);
	support_done(&a);
}
END_TEST

static int ask_for_nothing(struct ltd_exchange *x, void *state)
{
	struct ltd_slice value;

	(void)state;
	ck_assert_ptr_null(ltd_request_query(x).at);
	ck_assert(!ltd_request_param(x, "x", &value));
	ck_assert_uint_eq(ltd_request_body(x).len, 0);
	ck_assert_uint_eq(ltd_request_body_length(x), 0);
	ck_assert_int_eq(ltd_request_read(x, &value, sizeof value), 0);
	ck_assert(is(ltd_request_subpath(x), "/"));
	return 0;
}

START_TEST(what_a_request_lacks)
{
	struct answer a = run(ask_for_nothing, "GET /m/ HTTP/1.1\r\nHost: t\r\n\r\n");

	ck_assert_uint_eq(a.status, 200);
	ck_assert(support_body_is(&a, ""));
	support_done(&a);
}
END_TEST

static int answer_fully(struct ltd_exchange *x, void *state)
{
	char long_text[1001];

	(void)state;
	memset(long_text, 'x', 1000);
	long_text[1000] = '\0';
	ltd_response_status(x, 201);
	ltd_response_type(x, "text/x-test");
	ck_assert_int_eq(ltd_response_header(x, "X-Answer", LTD_SLICE("42")), 0);
	ck_assert_int_eq(ltd_response_header(x, "X Answer", LTD_SLICE("42")), -EINVAL);
	ck_assert_int_eq(ltd_response_header(x, "", LTD_SLICE("42")), -EINVAL);
	ck_assert_int_eq(ltd_response_header(x, "X-A", LTD_SLICE("4\r\nX-B: 2")), -EINVAL);
	ck_assert_int_eq(ltd_response_header(x, "content-length", LTD_SLICE("42")), -EINVAL);
	ck_assert_int_eq(ltd_response_header(x, "Connection", LTD_SLICE("close")), -EINVAL);
	ck_assert_int_eq(ltd_response_write(x, "one ", 4), 0);
	ck_assert_int_eq(ltd_response_printf(x, "%d ", 2), 0);
	ck_assert_int_eq(ltd_response_printf(x, "%s|", long_text), 0);
	return 0;
}

START_TEST(everything_about_a_response)
{
	struct answer a = run(answer_fully, "GET /m/ HTTP/1.1\r\nHost: t\r\n\r\n");

	ck_assert_uint_eq(a.status, 201);
	ck_assert(support_head_has(&a, "\r\nX-Answer: 42\r\n"));
	ck_assert(support_head_has(&a, "\r\nContent-Type: text/x-test\r\n"));
	ck_assert(support_head_has(&a, "\r\nContent-Length: 1007\r\n"));
	ck_assert_uint_eq(a.body.len, 4 + 2 + 1000 + 1);
	ck_assert(slice_starts_with(a.body, LTD_SLICE("one 2 xxx")));
	ck_assert_int_eq(a.body.at[1006], '|');
	support_done(&a);
}
END_TEST

static int answer_error(struct ltd_exchange *x, void *state)
{
	(void)state;
	ltd_response_header(x, "X-Gone", LTD_SLICE("1"));
	ltd_response_write(x, "forgotten", 9);
	ltd_response_error(x, 409, "no %s left", "spoons");
	return 0;
}

static int answer_with_a_file(struct ltd_exchange *x, void *state)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	(void)state;
	ck_assert_int_eq(write(fd, "0123456789", 10), 10);
	ltd_response_printf(x, "%s", "<");
	ck_assert_int_eq(ltd_response_file(x, -1, 0, 1), -EBADF);
	ck_assert_int_eq(ltd_response_file(x, fd, 2, 3), 0);
	ck_assert_int_eq(ltd_response_write(x, ">", 1), 0);
	return 0;
}

START_TEST(a_file_goes_out_between_what_is_written)
{
	struct answer a = run(answer_with_a_file, "GET /m/ HTTP/1.1\r\nHost: t\r\n\r\n");

	ck_assert(support_body_is(&a, "<234>"));
	ck_assert(support_head_has(&a, "\r\nContent-Length: 5\r\n"));
	support_done(&a);
}
END_TEST

START_TEST(an_error_replaces_what_was_written)
{
	struct answer a = run(answer_error, "GET /m/ HTTP/1.1\r\nHost: t\r\n\r\n");

	ck_assert_uint_eq(a.status, 409);
	ck_assert(support_body_is(&a, "409 Conflict: no spoons left\n"));
	ck_assert_ptr_null(memmem(a.head.at, a.head.len, "X-Gone", 6));
	support_done(&a);
}
END_TEST

static int fail_halfway(struct ltd_exchange *x, void *state)
{
	(void)state;
	ltd_response_write(x, "half an answer", 14);
	return -7;
}

START_TEST(a_handler_that_fails_is_a_500_and_a_line)
{
	support_keep_log();
	struct answer a = run(fail_halfway, "GET /m/ HTTP/1.1\r\nHost: t\r\n\r\n");

	ck_assert_uint_eq(a.status, 500);
	ck_assert_ptr_null(memmem(a.body.at, a.body.len, "half", 4));
	ck_assert_str_eq(support_log(), "app test: the handler of / failed (-7)\n");
	support_done(&a);
}
END_TEST

static int answer_nonsense(struct ltd_exchange *x, void *state)
{
	(void)state;
	ltd_response_status(x, 1000);
	return 0;
}

START_TEST(a_status_out_of_range_is_a_500)
{
	struct answer a = run(answer_nonsense, "GET /m/ HTTP/1.1\r\nHost: t\r\n\r\n");

	ck_assert_uint_eq(a.status, 500);
	support_done(&a);
}
END_TEST

static int use_too_much(struct ltd_exchange *x, void *state)
{
	(void)state;
	char *fits = ltd_alloc(x, 100);
	ck_assert_ptr_nonnull(fits);
	memset(fits, 'x', 100);
	ck_assert_ptr_null(ltd_alloc(x, 1 << 30));
	ltd_response_body(x, fits, 100);
	return 0;
}

START_TEST(running_short_is_a_503)
{
	struct answer a = run(use_too_much, "GET /m/ HTTP/1.1\r\nHost: t\r\n\r\n");

	ck_assert_uint_eq(a.status, 503);
	support_done(&a);
}
END_TEST

static int write_and_wait(struct ltd_exchange *x, void *state)
{
	(void)state;
	ltd_response_status(x, 404);
	ltd_response_type(x, "text/html");
	ltd_response_header(x, "X-A", LTD_SLICE("1"));
	ltd_response_write(x, "forget me", 9);
	ck_assert_int_eq(ltd_response_file(x, memfd_create("attempt", 0), 0, 1), 0);
	return LTD_LATER;
}

static int write_at_once(struct ltd_exchange *x, void *state)
{
	(void)state;
	return ltd_response_write(x, "now", 3);
}

/* An attempt that waits, then one that answers: the first has left nothing behind. */
START_TEST(an_attempt_answers_or_leaves_nothing)
{
	static const struct limits limits = { .arena_bytes = 1 << 20 };
	static const struct mount mount = { .prefix = LTD_SLICE("") };
	struct ltd_route route = { "/", LTD_SLOT, LTD_GET, .attempt = write_and_wait };
	struct exchange *x = malloc(EXCHANGE_BYTES);
	int before = dup(0), after;

	close(before);
	ck_assert_ptr_nonnull(x);
	exchange_init(x, NULL, &limits);
	x->route = &route;
	x->mount = &mount;
	ck_assert(!api_attempt(x));
	after = dup(0);
	close(after);
	ck_assert_int_eq(before, after);

	route.attempt = write_at_once;
	ck_assert(api_attempt(x));
	ck_assert_uint_eq(x->response.status, 200);
	ck_assert_ptr_null(x->response.type.at);
	ck_assert_uint_eq(x->response.fields_len, 0);
	ck_assert_uint_eq(x->response.written_len, 3);
	exchange_fini(x);
	free(x);
}
END_TEST

START_TEST(log_lines_have_levels)
{
	support_keep_log();
	ltd_log(LTD_LOG_WARNING, "beware of %s", "dogs");
	ck_assert_str_eq(support_log(), "beware of dogs\n");
	ltd_log((enum ltd_log_level)99, "odd level");
	ck_assert_ptr_nonnull(strstr(support_log(), "[CRITICAL] odd level\n"));
}
END_TEST

UNIT_SUITE_OF(api, everything_about_a_request, what_a_request_lacks, everything_about_a_response,
	      a_file_goes_out_between_what_is_written, an_error_replaces_what_was_written,
	      a_handler_that_fails_is_a_500_and_a_line, a_status_out_of_range_is_a_500,
	      running_short_is_a_503, an_attempt_answers_or_leaves_nothing, log_lines_have_levels)
