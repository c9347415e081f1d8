/* Compression of whole responses: which, how they are marked, and that nothing is changed by it. */
#include "http/gzip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "packing.h"
#include "unit.h"

static struct exchange *x;
static struct response *rs;

static void begin_asked(const char *request)
{
	x = packing_begin(request);
	rs = &x->response;
}

static void begin(void)
{
	begin_asked(packing_asks);
}

static void seal(void)
{
	gzip_whole(&packing, &packing_rules, rs, &x->request, UINT64_MAX);
	response_seal(rs, &packing_frame);
}

static void check_content(const char *expected, size_t len)
{
	static char wire[8 << 20];
	size_t n = packing_gather(rs->out->next, wire);

	ck_assert(packing_head_has(x, "\r\nContent-Encoding: gzip\r\n"));
	ck_assert(packing_head_has(x, "\r\nVary: Accept-Encoding\r\n"));
	ck_assert_uint_eq(n, rs->body.len);
	ck_assert_uint_lt(n, len);
	packing_check(slice_of(wire, n), slice_of(expected, len), true);
}

START_TEST(a_body_is_compressed)
{
	static const size_t sizes[] = { 100, 101, 1000, 16384, 65536, 65537, 1 << 20, 4 << 20 };

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		const char *text = packing_letters(sizes[i]);
		char length[64];

		/* In one piece, and in several. */
		begin();
		response_body_ref(rs, text, sizes[i] / 2);
		response_write(rs, text + sizes[i] / 2, sizes[i] - sizes[i] / 2);
		seal();
		check_content(text, sizes[i]);
		packing_end(x);
		begin();
		response_body_ref(rs, text, sizes[i]);
		seal();
		snprintf(length, sizeof length, "\r\nContent-Length: %lu\r\n", rs->body.len);
		ck_assert(packing_head_has(x, length));
		check_content(text, sizes[i]);
		packing_end(x);
	}
}
END_TEST

/* RFC 9110 9.3.2: the same head as to GET. */
START_TEST(the_head_of_head_is_that_of_get)
{
	struct ltd_slice head;

	begin();
	response_body_ref(rs, packing_letters(5000), 5000);
	seal();
	head = arena_copy(&x->arena, rs->head);
	struct exchange *get = x;
	begin_asked("HEAD / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n");
	response_body_ref(rs, packing_letters(5000), 5000);
	seal();
	ck_assert(slice_eq(rs->head, head));
	ck_assert_ptr_null(rs->out->next);
	packing_end(x);
	exchange_fini(get);
	free(get);
}
END_TEST

/* Not marked as varying, since it does not. */
static void check_untouched(void)
{
	seal();
	ck_assert(!packing_head_has(x, "\r\nVary"));
	ck_assert(!packing_head_has(x, "\r\nContent-Encoding: gzip"));
	packing_end(x);
}

START_TEST(some_bodies_are_left_alone)
{
	static const struct {
		size_t len;
		unsigned status;
		const char *type, *name, *value;
	} cases[] = {
		{ 99, 200, "text/plain", "X", "y" },
		{ 5000, 200, "image/png", "X", "y" },
		{ 5000, 204, "text/plain", "X", "y" },
		{ 5000, 205, "text/plain", "X", "y" },
		{ 5000, 200, "text/plain", "content-encoding", "br" },
		{ 5000, 200, "text/plain", "Content-Range", "bytes 0-1/2" },
		{ 5000, 200, "text/plain", "Cache-Control", "max-age=1, no-transform" },
	};
	int fd = memfd_create("test", MFD_CLOEXEC);

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		begin();
		response_body_ref(rs, packing_letters(cases[i].len), cases[i].len);
		response_status(rs, cases[i].status);
		response_type(rs, slice_of_string(cases[i].type));
		response_field(rs, slice_of_string(cases[i].name), slice_of_string(cases[i].value));
		check_untouched();
	}
	begin();
	response_body_ref(rs, packing_letters(5000), 5000);
	response_type(rs, slice_of(NULL, 0));
	check_untouched();

	begin();
	ck_assert_int_eq(write(fd, packing_letters(5000), 5000), 5000);
	response_file(rs, fd, 0, 5000);
	check_untouched();
}
END_TEST

/* Sent as it is, but another client may get it otherwise. */
static void check_varies(const char *text, size_t len)
{
	static char wire[4 << 20];

	seal();
	ck_assert(packing_head_has(x, "\r\nVary: Accept-Encoding\r\n"));
	ck_assert(!packing_head_has(x, "\r\nContent-Encoding"));
	ck_assert_uint_eq(packing_gather(rs->out->next, wire), len);
	ck_assert_int_eq(memcmp(wire, text, len), 0);
	ck_assert_uint_eq(rs->status, 200);
	packing_end(x);
}

START_TEST(some_are_sent_as_they_are_this_time)
{
	const char *text = packing_letters(5000);

	begin_asked("GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip;q=0\r\n\r\n");
	response_body_ref(rs, text, 5000);
	check_varies(text, 5000);

	begin_asked("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	response_body_ref(rs, text, 5000);
	check_varies(text, 5000);

	/* What does not get shorter. */
	text = packing_noise(300000);
	begin();
	response_body_ref(rs, text, 150000);
	response_write(rs, text + 150000, 150000);
	check_varies(text, 300000);

	/* Longer than the caller allows, it does not vary. */
	begin();
	response_body_ref(rs, packing_letters(5000), 5000);
	gzip_whole(&packing, &packing_rules, rs, &x->request, 4999);
	ck_assert(rs->body.len == 5000 && rs->fields_len == 0);
	packing_end(x);

	/* Short of memory it is no failure. */
	text = packing_letters(5000);
	begin();
	x->arena.max_bytes = 0;
	response_body_ref(rs, text, 5000);
	check_varies(text, 5000);
}
END_TEST

START_TEST(vary_is_said_once)
{
	static const struct {
		const char *given;
		bool adds;
	} cases[] = {
		{ "Accept-Encoding", false }, { "Accept, accept-encoding", false }, { "*", false },
		{ "Accept", true },           { "X-Accept-Encoding", true },        { "", true },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		begin();
		response_body_ref(rs, packing_letters(5000), 5000);
		response_field(rs, LTD_SLICE("vary"), slice_of_string(cases[i].given));
		seal();
		ck_assert_msg(packing_head_has(x, "\r\nVary: Accept-Encoding\r\n") == cases[i].adds,
			      "%s", cases[i].given);
		ck_assert(packing_head_has(x, "\r\nContent-Encoding: gzip\r\n"));
		packing_end(x);
	}
}
END_TEST

static void check_etag(const char *request, const char *given, const char *sent, unsigned status)
{
	char line[64];

	begin_asked(request);
	response_status(rs, status);
	response_field(rs, LTD_SLICE("X-Before"), LTD_SLICE("1"));
	response_field(rs, LTD_SLICE("ETag"), slice_of_string(given));
	response_field(rs, LTD_SLICE("X-After"), LTD_SLICE("2"));
	response_body_ref(rs, packing_letters(5000), 5000);
	seal();
	snprintf(line, sizeof line, "\r\nX-Before: 1\r\nETag: %s\r\nX-After: 2\r\n", sent);
	ck_assert_msg(packing_head_has(x, line), "%s in %.*s", line, (int)rs->head.len, rs->head.at);
	packing_end(x);
}

/* RFC 9110 8.8.3.3 */
START_TEST(a_strong_etag_becomes_weak)
{
	static const char asks[] = "GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n";
	static const char does_not[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

	check_etag(asks, "\"a\"", "W/\"a\"", 200);
	check_etag(asks, "W/\"a\"", "W/\"a\"", 200);
	check_etag(does_not, "\"a\"", "\"a\"", 200);
	/* The 304 is about what the 200 was. */
	check_etag(asks, "\"a\"", "W/\"a\"", 304);
	check_etag(does_not, "\"a\"", "\"a\"", 304);
}
END_TEST

/* Ranges are of the content as it is; whoever takes it as it is may ask for them. */
START_TEST(no_ranges_are_promised_of_what_is_compressed)
{
	static const char does_not[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

	for (int i = 0; i < 2; i++) {
		begin_asked(i ? packing_asks : does_not);
		response_field(rs, LTD_SLICE("X-Before"), LTD_SLICE("1"));
		response_field(rs, LTD_SLICE("accept-ranges"), LTD_SLICE("bytes"));
		response_field(rs, LTD_SLICE("X-After"), LTD_SLICE("2"));
		response_body_ref(rs, packing_letters(5000), 5000);
		seal();
		ck_assert(packing_head_has(x, i ? "\r\nX-Before: 1\r\nX-After: 2\r\n"
						: "\r\naccept-ranges: bytes\r\n"));
		packing_end(x);
	}
}
END_TEST

UNIT_SUITE_OF(gzip, a_body_is_compressed, the_head_of_head_is_that_of_get,
	      some_bodies_are_left_alone, some_are_sent_as_they_are_this_time, vary_is_said_once,
	      a_strong_etag_becomes_weak, no_ranges_are_promised_of_what_is_compressed)
