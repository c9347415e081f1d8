/* Responses: what goes out, and what an app may not make go out. */
#include "http/response.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "http/exchange.h"
#include "http/stamps.h"
#include "unit.h"

#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"
#define TOP(status) "HTTP/1.1 " status "\r\nServer: littled\r\nDate: " DATE "\r\n"

static const struct response_frame kept = { 11, false, true, DATE, NULL };
static const struct response_frame closing = { 11, false, false, DATE, NULL };
static const struct response_frame kept_1_0 = { 10, false, true, DATE, NULL };
static const struct response_frame to_head = { 11, true, true, DATE, NULL };

static struct arena arena;
static struct response rs;
static char first[4096];

static void begin(size_t first_bytes, size_t heap_bytes)
{
	arena_init(&arena, first, first_bytes, heap_bytes);
	response_init(&rs, &arena);
}

static void end(void)
{
	response_fini(&rs);
	arena_reset(&arena);
}

/* What is to be sent behind the head, in one. */
static struct ltd_slice body_sent(void)
{
	static char bytes[32768];
	size_t n = 0;

	ck_assert_ptr_eq(rs.out, &rs.head_piece);
	for (const struct piece *p = rs.out->next; p; p = p->next) {
		ck_assert_uint_le(p->len, sizeof bytes - n);
		if (piece_is_file(p))
			ck_assert_int_eq(pread(p->fd, bytes + n, p->len, p->offset), p->len);
		else if (p->len)
			memcpy(bytes + n, p->at, p->len);
		n += p->len;
	}
	return slice_of(bytes, n);
}

static void check(const struct response_frame *frame, const char *head, const char *body)
{
	response_seal(&rs, frame);
	ck_assert_msg(slice_eq(rs.head, slice_of_string(head)), "'%.*s' is not '%s'",
		      (int)rs.head.len, rs.head.at, head);
	struct ltd_slice sent = body_sent();
	ck_assert_msg(slice_eq(sent, slice_of_string(body)), "'%.*s' is not '%s'", (int)sent.len,
		      sent.at, body);
	end();
}

START_TEST(the_default_is_an_empty_200)
{
	begin(sizeof first, 0);
	check(&kept, TOP("200 OK") "Content-Length: 0\r\n\r\n", "");
}
END_TEST

START_TEST(timing_goes_out_if_it_is_wanted)
{
	const struct stamps s = { .at[STAMP_READY] = 2500000, .at[STAMP_READ] = 500000 };
	struct response_frame frame = kept;

	frame.timing = &s;
	begin(sizeof first, 0);
	check(&frame, TOP("200 OK") "Server-Timing: read;dur=2.000\r\nContent-Length: 0\r\n\r\n",
	      "");
}
END_TEST

START_TEST(type_fields_and_body_go_out_in_order)
{
	begin(sizeof first, 0);
	response_status(&rs, 201);
	response_type(&rs, LTD_SLICE("text/html"));
	ck_assert_int_eq(response_field(&rs, LTD_SLICE("X-A"), LTD_SLICE("1")), 0);
	ck_assert_int_eq(response_field(&rs, LTD_SLICE("X-A"), LTD_SLICE("")), 0);
	ck_assert_int_eq(response_write(&rs, "hello", 5), 0);
	ck_assert_int_eq(response_write(&rs, "", 0), 0);
	ck_assert_int_eq(response_write(&rs, ", world", 7), 0);
	check(&kept, TOP("201 Created") "Content-Type: text/html\r\nX-A: 1\r\nX-A: \r\nContent-Length: 12\r\n\r\n",
	      "hello, world");
}
END_TEST

START_TEST(the_connection_field_follows_the_frame)
{
	begin(sizeof first, 0);
	check(&closing, TOP("200 OK") "Content-Length: 0\r\nConnection: close\r\n\r\n", "");
	begin(sizeof first, 0);
	check(&kept_1_0, TOP("200 OK") "Content-Length: 0\r\nConnection: keep-alive\r\n\r\n", "");
}
END_TEST

/* RFC 9110 8.6, 9.3.2, 15.3.5, 15.3.6, 15.4.5 */
START_TEST(some_answers_have_no_content)
{
	begin(sizeof first, 0);
	response_write(&rs, "hello", 5);
	check(&to_head, TOP("200 OK") "Content-Length: 5\r\n\r\n", "");

	begin(sizeof first, 0);
	response_status(&rs, 204);
	response_type(&rs, LTD_SLICE("text/plain"));
	response_write(&rs, "hello", 5);
	check(&kept, TOP("204 No Content") "\r\n", "");

	begin(sizeof first, 0);
	response_status(&rs, 304);
	response_type(&rs, LTD_SLICE("text/plain"));
	response_field(&rs, LTD_SLICE("ETag"), LTD_SLICE("\"a\""));
	response_write(&rs, "hello", 5);
	check(&kept, TOP("304 Not Modified") "ETag: \"a\"\r\n\r\n", "");

	begin(sizeof first, 0);
	response_status(&rs, 205);
	response_write(&rs, "hello", 5);
	check(&kept, TOP("205 Reset Content") "Content-Length: 0\r\n\r\n", "");
}
END_TEST

START_TEST(fields_that_are_not_the_apps_are_refused)
{
	static const struct {
		const char *name;
		struct ltd_slice value;
	} table[] = {
		{ "Date", { "x", 1 } },
		{ "server", { "x", 1 } },
		{ "CONTENT-LENGTH", { "1", 1 } },
		{ "Connection", { "close", 5 } },
		{ "Transfer-Encoding", { "chunked", 7 } },
		{ "", { "x", 1 } },
		{ "X A", { "x", 1 } },
		{ "X:", { "x", 1 } },
		{ "X\r", { "x", 1 } },
		{ "X\xc3", { "x", 1 } },
		{ "X-A", { "a\r\nSet-Cookie: b", 16 } },
		{ "X-A", { "a\n", 2 } },
		{ "X-A", { "a\rb", 3 } },
		{ "X-A", { "a\0b", 3 } },
		{ "X-A", { "a\x7f", 2 } },
		{ "X-A", { "12345678\x01", 9 } },
		{ "X-A",
		  { "\x01"
		    "12345678",
		    9 } },
		{ "Content-Type", { "a/b\r\n", 5 } },
	};

	begin(sizeof first, 0);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		ck_assert_msg(response_field(&rs, slice_of_string(table[i].name), table[i].value) ==
				      -EINVAL,
			      "case %zu", i);
	ck_assert_int_eq(response_field(&rs, LTD_SLICE("X-A"), LTD_SLICE("a\tb \xe4 12345678")), 0);
	check(&kept, TOP("200 OK") "X-A: a\tb \xe4 12345678\r\nContent-Length: 0\r\n\r\n", "");
}
END_TEST

START_TEST(content_type_goes_out_once_and_only_if_sound)
{
	begin(sizeof first, 0);
	response_type(&rs, LTD_SLICE("text/plain"));
	ck_assert_int_eq(response_field(&rs, LTD_SLICE("content-type"), LTD_SLICE("a/b")), 0);
	check(&kept, TOP("200 OK") "Content-Type: a/b\r\nContent-Length: 0\r\n\r\n", "");

	begin(sizeof first, 0);
	response_type(&rs, LTD_SLICE("a/b\r\nX: y"));
	check(&kept, TOP("200 OK") "Content-Length: 0\r\n\r\n", "");
}
END_TEST

START_TEST(a_body_by_reference_is_not_copied)
{
	static const char text[] = "by reference";

	begin(sizeof first, 0);
	response_write(&rs, "gone", 4);
	response_body_ref(&rs, text, sizeof text - 1);
	response_seal(&rs, &kept);
	ck_assert_ptr_eq(rs.out->next->at, text);
	ck_assert_uint_eq(rs.out->next->len, sizeof text - 1);
	end();

	begin(sizeof first, 0);
	response_body_ref(&rs, text, sizeof text - 1);
	response_write(&rs, ", and more", 10);
	check(&kept, TOP("200 OK") "Content-Length: 22\r\n\r\n", "by reference, and more");
}
END_TEST

/* A file with this text, in memory. */
static int file_of(const char *text)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), strlen(text));
	return fd;
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

START_TEST(memory_and_files_go_out_in_order)
{
	int one = file_of("0123456789"), two = file_of("abc"), none = file_of("");

	begin(sizeof first, 0);
	response_write(&rs, "<", 1);
	ck_assert_int_eq(response_file(&rs, one, 3, 4), 0);
	ck_assert_int_eq(response_file(&rs, none, 0, 0), 0);
	ck_assert_int_eq(response_file(&rs, two, 0, 3), 0);
	response_write(&rs, ">", 1);
	response_write(&rs, "\n", 1);
	ck_assert(!is_open(none));
	response_seal(&rs, &kept);
	ck_assert(slice_eq(body_sent(), LTD_SLICE("<3456abc>\n")));
	ck_assert_ptr_nonnull(memmem(rs.head.at, rs.head.len, "Content-Length: 10\r\n", 20));
	ck_assert(is_open(one) && is_open(two));
	end();
	ck_assert(!is_open(one) && !is_open(two));

	begin(sizeof first, 0);
	ck_assert_int_eq(response_file(&rs, file_of("abc"), 1, 1), 0);
	check(&to_head, TOP("200 OK") "Content-Length: 1\r\n\r\n", "");
}
END_TEST

START_TEST(a_file_is_closed_whatever_comes)
{
	int fd = file_of("abc");

	begin(sizeof first, 0);
	ck_assert_int_eq(response_file(&rs, -1, 0, 1), -EBADF);
	ck_assert_int_eq(response_file(&rs, fd, -1, 1), -EINVAL);
	ck_assert(!is_open(fd));
	fd = file_of("abc");
	ck_assert_int_eq(response_file(&rs, fd, 1, INT64_MAX), -EINVAL);
	ck_assert(!is_open(fd));
	fd = file_of("abc");
	ck_assert_int_eq(response_file(&rs, fd, 0, 3), 0);
	response_body_ref(&rs, "ref", 3);
	ck_assert(!is_open(fd));
	fd = file_of("abc");
	ck_assert_int_eq(response_file(&rs, fd, 0, 3), 0);
	response_error(&rs, 404, slice_of(NULL, 0));
	ck_assert(!is_open(fd));
	fd = file_of("abc");
	ck_assert_int_eq(response_file(&rs, fd, 0, 3), 0);
	response_status(&rs, 304);
	response_seal(&rs, &kept);
	ck_assert(!is_open(fd));
	end();

	begin(0, 0);
	response_body_ref(&rs, "ref", 3);
	fd = file_of("abc");
	ck_assert_int_eq(response_file(&rs, fd, 0, 3), -ENOMEM);
	ck_assert(!is_open(fd));
	end();
}
END_TEST

START_TEST(one_file_may_be_several_pieces)
{
	int fd = file_of("0123456789");

	begin(sizeof first, 0);
	ck_assert_int_eq(response_file(&rs, fd, 8, 2), 0);
	response_write(&rs, "-", 1);
	ck_assert_int_eq(response_file(&rs, fd, 0, 3), 0);
	ck_assert_int_eq(response_file(&rs, fd, 5, 0), 0);
	ck_assert_int_eq(response_file(&rs, fd, -1, 1), -EINVAL);
	ck_assert(is_open(fd));
	response_seal(&rs, &kept);
	ck_assert(slice_eq(body_sent(), LTD_SLICE("89-012")));
	int other = file_of("not to be closed");
	end();
	ck_assert(!is_open(fd) && is_open(other));
	close(other);

	fd = file_of("0123456789");
	begin(sizeof first, 0);
	ck_assert_int_eq(response_file(&rs, fd, 8, 2), 0);
	ck_assert_int_eq(response_file(&rs, fd, 0, 3), 0);
	response_error(&rs, 404, slice_of(NULL, 0));
	ck_assert(!is_open(fd));
	other = file_of("given the same number");
	ck_assert_int_eq(other, fd);
	end();
	ck_assert(is_open(other));
	close(other);
}
END_TEST

/* Sending may stop anywhere: at every length the rest is what was not taken. */
START_TEST(a_list_is_eaten_from_its_front)
{
	for (uint64_t at = 0; at <= 12; at++) {
		struct pieces l;
		struct piece p[4], *rest;

		pieces_init(&l);
		pieces_add_memory(&l, &p[0], LTD_SLICE("abc"));
		pieces_add_memory(&l, &p[1], slice_of(NULL, 0));
		pieces_add_file(&l, &p[2], file_of("0123456789"), 2, 5);
		pieces_add_memory(&l, &p[3], LTD_SLICE("de"));
		ck_assert_uint_eq(l.len, 10);
		rest = l.first;
		ck_assert_uint_eq(pieces_eat(&rest, at), at < 10 ? at : 10);
		if (at < 3)
			ck_assert(rest == &p[0] && rest->at[0] == "abc"[at] && rest->len == 3 - at);
		else if (at < 8)
			ck_assert(rest == &p[2] && rest->offset == (off_t)(at - 1) &&
				  rest->len == 8 - at);
		else if (at < 10)
			ck_assert(rest == &p[3] && rest->at[0] == "de"[at - 8]);
		else
			ck_assert_ptr_null(rest);
		pieces_drop(&l);
	}
}
END_TEST

START_TEST(an_error_forgets_all_else)
{
	begin(sizeof first, 0);
	response_field(&rs, LTD_SLICE("X-A"), LTD_SLICE("1"));
	response_write(&rs, "hello", 5);
	response_error(&rs, 400, LTD_SLICE("why"));
	check(&closing, TOP("400 Bad Request") "Content-Type: text/plain\r\nContent-Length: 21\r\nConnection: close\r\n\r\n",
	      "400 Bad Request: why\n");

	begin(sizeof first, 0);
	response_body_ref(&rs, "hello", 5);
	response_error(&rs, 404, slice_of(NULL, 0));
	check(&kept, TOP("404 Not Found") "Content-Type: text/plain\r\nContent-Length: 14\r\n\r\n",
	      "404 Not Found\n");
}
END_TEST

START_TEST(a_status_out_of_range_becomes_500)
{
	static const unsigned wrong[] = { 0, 99, 100, 101, 199, 600, 1000, 4294967295u };
	static const char body[] = "500 Internal Server Error: the handler gave no sound status\n";

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		begin(sizeof first, 0);
		response_status(&rs, wrong[i]);
		response_write(&rs, "secret", 6);
		response_seal(&rs, &kept);
		ck_assert_uint_eq(rs.status, 500);
		ck_assert(slice_eq(body_sent(), LTD_SLICE(body)));
		end();
	}
	begin(sizeof first, 0);
	response_status(&rs, 299);
	check(&kept, TOP("299 Unknown") "Content-Length: 0\r\n\r\n", "");
}
END_TEST

#define SHORT_HEAD(connection) \
	"HTTP/1.1 503 Service Unavailable\r\nServer: littled\r\nContent-Type: text/plain\r\n" \
	"Content-Length: 52\r\n" connection "\r\n"
#define SHORT_BODY "503 Service Unavailable: no memory for the response\n"

START_TEST(short_of_memory_is_a_503)
{
	begin(0, 0);
	check(&closing, SHORT_HEAD("Connection: close\r\n"), SHORT_BODY);
	begin(0, 0);
	check(&kept, SHORT_HEAD(""), SHORT_BODY);
	begin(0, 0);
	check(&kept_1_0, SHORT_HEAD("Connection: keep-alive\r\n"), SHORT_BODY);
	begin(0, 0);
	check(&to_head, SHORT_HEAD(""), "");

	begin(2048, 4096);
	ck_assert_int_eq(response_write(&rs, first, 5000), -ENOMEM);
	ck_assert_int_eq(response_write(&rs, "more", 4), -ENOMEM);
	ck_assert_int_eq(response_field(&rs, LTD_SLICE("X"), LTD_SLICE("y")), -ENOMEM);
	check(&kept, SHORT_HEAD(""), SHORT_BODY);

	begin(2048, 4096);
	ck_assert_int_eq(response_write(&rs, "four", SIZE_MAX - 2), -ENOMEM);
	check(&kept, SHORT_HEAD(""), SHORT_BODY);
}
END_TEST

START_TEST(large_bodies_and_many_fields_grow)
{
	char name[16], line[32];
	struct ltd_slice rest, piece;

	begin(1024, 1 << 20);
	for (unsigned i = 0; i < 500; i++) {
		snprintf(name, sizeof name, "X-%u", i);
		ck_assert_int_eq(response_field(&rs, slice_of_string(name), LTD_SLICE("v")), 0);
		snprintf(line, sizeof line, "line %u\n", i);
		ck_assert_int_eq(response_write(&rs, line, strlen(line)), 0);
	}
	response_seal(&rs, &kept);
	rest = body_sent();
	for (unsigned i = 0; i < 500; i++) {
		snprintf(line, sizeof line, "line %u", i);
		ck_assert(slice_cut(&rest, '\n', &piece));
		ck_assert(slice_eq(piece, slice_of_string(line)));
	}
	ck_assert_uint_eq(rest.len, 0);
	ck_assert(slice_starts_with(rs.head, LTD_SLICE("HTTP/1.1 200 OK\r\n")));
	end();
}
END_TEST

START_TEST(dates_are_imf_fixdates)
{
	char date[RESPONSE_DATE_BYTES + 1];

	response_date(date, 784111777ull * 1000000000 + 999999999);
	ck_assert_str_eq(date, "Sun, 06 Nov 1994 08:49:37 GMT");
	response_date(date, 0);
	ck_assert_str_eq(date, "Thu, 01 Jan 1970 00:00:00 GMT");
	response_date(date, 4102444799ull * 1000000000);
	ck_assert_str_eq(date, "Thu, 31 Dec 2099 23:59:59 GMT");
}
END_TEST

static const struct limits limits = {
	.line_bytes = 64,
	.fields = 8,
	.field_bytes = 48,
	.head_bytes = 1 << 16,
	.body_bytes = 32,
	.chunk_ext_bytes = 24,
	.trailer_bytes = 40,
	.empty_lines = 2,
	.arena_bytes = 65536,
};

/* A block from the pool is full of what was there before. */
START_TEST(an_exchange_begins_anew_in_a_dirty_block)
{
	static const char text[] = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
				   "chunked\r\n\r\n1\r\na\r\n0\r\n\r\n";
	struct exchange *x = malloc(EXCHANGE_BYTES);

	ck_assert_ptr_nonnull(x);
	memset(x, 0xa5, EXCHANGE_BYTES);
	for (unsigned i = 0; i < 3; i++) {
		exchange_init(x, NULL, &limits);
		ck_assert_uint_eq(x->slot, EXCHANGE_NO_SLOT);
		ck_assert_uint_eq(x->stamps.at[STAMP_READ], 0);
		ck_assert_int_eq(parser_feed(&x->parser, text, sizeof text - 1), PARSE_DONE);
		ck_assert_uint_eq(x->request.field_count, 2);
		ck_assert(slice_eq(request_body(&x->request), LTD_SLICE("a")));
		ck_assert_int_eq(response_write(&x->response, first, sizeof first), 0);
		ck_assert_int_eq(response_write(&x->response, first, sizeof first), 0);
		response_seal(&x->response, &kept);
		ck_assert_uint_eq(x->response.body.len, 2 * sizeof first);
		exchange_fini(x);
	}
	free(x);
}
END_TEST

UNIT_SUITE_OF(response, timing_goes_out_if_it_is_wanted, the_default_is_an_empty_200,
	      type_fields_and_body_go_out_in_order, the_connection_field_follows_the_frame,
	      some_answers_have_no_content, fields_that_are_not_the_apps_are_refused,
	      content_type_goes_out_once_and_only_if_sound, a_body_by_reference_is_not_copied,
	      memory_and_files_go_out_in_order, a_file_is_closed_whatever_comes,
	      one_file_may_be_several_pieces, a_list_is_eaten_from_its_front,
	      an_error_forgets_all_else, a_status_out_of_range_becomes_500,
	      short_of_memory_is_a_503, large_bodies_and_many_fields_grow, dates_are_imf_fixdates,
	      an_exchange_begins_anew_in_a_dirty_block)
