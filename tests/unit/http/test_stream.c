/* Streams: what leaves at each flush, and what a broken one must not send. */
#include "http/stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "http/exchange.h"
#include "unit.h"

#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"
#define TOP(status) "HTTP/1.1 " status "\r\nServer: littled\r\nDate: " DATE "\r\n"
#define CHUNKED TOP("200 OK") "Transfer-Encoding: chunked\r\n\r\n"

static const struct response_frame kept = { 11, false, true, DATE, NULL };
static const struct response_frame closing_1_0 = { 10, false, false, DATE, NULL };
static const struct response_frame to_head = { 11, true, true, DATE, NULL };

static const struct limits limits = {
	.line_bytes = 64,
	.fields = 8,
	.field_bytes = 48,
	.body_bytes = 32,
	.chunk_ext_bytes = 24,
	.trailer_bytes = 40,
	.arena_bytes = 65536,
};

static const struct response_frame *frame;
static struct exchange *x;
static struct response *rs;
static char wire[65536];
static size_t wire_len;
static unsigned flushes;

static void take_out(void)
{
	for (const struct piece *p = rs->out; p; p = p->next) {
		ck_assert_uint_gt(p->len, 0);
		ck_assert_uint_le(p->len, sizeof wire - wire_len);
		if (piece_is_file(p))
			ck_assert_int_eq(pread(p->fd, wire + wire_len, p->len, p->offset), p->len);
		else
			memcpy(wire + wire_len, p->at, p->len);
		wire_len += p->len;
	}
}

/* As the connection does it. */
static int flush(struct exchange *of)
{
	int error = stream_check(rs);

	ck_assert_ptr_eq(of, x);
	flushes++;
	if (!error && !stream_has_begun(rs))
		error = stream_begin(rs, frame);
	if (error) {
		stream_break(rs, error);
	} else {
		stream_load(rs);
		take_out();
	}
	stream_unload(rs);
	return error;
}

static void begin(const struct response_frame *f)
{
	static const struct exchange_link link = { .flush = flush };

	x = malloc(EXCHANGE_BYTES);
	ck_assert_ptr_nonnull(x);
	exchange_init(x, NULL, &limits);
	x->link = &link;
	rs = &x->response;
	frame = f;
	wire_len = flushes = 0;
	ck_assert_int_eq(stream_start(rs), 0);
}

static void put_text(const char *text)
{
	ck_assert_int_eq(exchange_write(x, text, strlen(text)), 0);
}

static void check_wire(const char *expected)
{
	ck_assert_msg(wire_len == strlen(expected) && !memcmp(wire, expected, wire_len),
		      "'%.*s' is not '%s'", (int)wire_len, wire, expected);
}

static void end(const char *expected)
{
	response_seal(rs, frame);
	take_out();
	check_wire(expected);
	exchange_fini(x);
	free(x);
}

static int file_of(const char *text)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), strlen(text));
	return fd;
}

/* RFC 9112 7.1 */
START_TEST(each_flush_is_a_chunk)
{
	begin(&kept);
	put_text("hello");
	put_text(", world");
	check_wire("");
	ck_assert_int_eq(flush(x), 0);
	check_wire(CHUNKED "c\r\nhello, world\r\n");
	ck_assert_int_eq(flush(x), 0); /* nothing new: nothing goes, above all no last chunk */
	put_text("0123456789abcdef");
	ck_assert_int_eq(flush(x), 0);
	put_text("end");
	end(CHUNKED "c\r\nhello, world\r\n10\r\n0123456789abcdef\r\n3\r\nend\r\n0\r\n\r\n");
}
END_TEST

START_TEST(the_head_may_go_first)
{
	begin(&kept);
	ck_assert_int_eq(flush(x), 0);
	check_wire(CHUNKED);
	end(CHUNKED "0\r\n\r\n");
}
END_TEST

START_TEST(what_was_never_flushed_has_a_length)
{
	begin(&kept);
	put_text("hello");
	end(TOP("200 OK") "Content-Length: 5\r\n\r\nhello");
}
END_TEST

START_TEST(what_came_before_the_stream_goes_with_it)
{
	begin(&kept);
	rs->stream = NULL;
	response_write(rs, "a", 1);
	ck_assert_int_eq(exchange_file(x, file_of("0123"), 1, 2), 0);
	ck_assert_int_eq(stream_start(rs), 0);
	put_text("b");
	ck_assert_int_eq(flush(x), 0);
	end(CHUNKED "4\r\na12b\r\n0\r\n\r\n");
}
END_TEST

START_TEST(files_go_out_between)
{
	begin(&kept);
	put_text("<");
	ck_assert_int_eq(exchange_file(x, file_of("0123456789"), 2, 3), 0);
	put_text(">");
	ck_assert_int_eq(exchange_file(x, file_of("x"), 0, 0), 0);
	ck_assert_int_eq(exchange_file(x, file_of("x"), -1, 1), -EINVAL);
	ck_assert_int_eq(exchange_file(x, -1, 0, 1), -EBADF);
	end(CHUNKED "4\r\n<234\r\n1\r\n>\r\n0\r\n\r\n");
}
END_TEST

START_TEST(a_full_buffer_goes_by_itself)
{
	static const char text[] = "0123456789abcdef";
	size_t in_arena = 0;

	begin(&kept);
	for (unsigned i = 0; i < STREAM_BUFFER_BYTES / 16; i++)
		put_text(text);
	ck_assert_uint_eq(flushes, 0);
	put_text("!");
	ck_assert_uint_eq(flushes, 1);
	ck_assert(!memcmp(wire, CHUNKED "4001\r\n", strlen(CHUNKED) + 6));
	ck_assert(!memcmp(wire + wire_len - 3, "!\r\n", 3));

	/* From then on nothing is allocated, however long it goes on. */
	in_arena = x->arena.heap_bytes;
	for (unsigned i = 0; i < 100000; i++) {
		put_text(text);
		wire_len = 0;
	}
	ck_assert_uint_gt(flushes, 95);
	ck_assert_uint_eq(x->arena.heap_bytes, in_arena);
	ck_assert_int_eq(flush(x), 0);
	wire_len = 0;
	end("0\r\n\r\n");
}
END_TEST

START_TEST(more_than_a_buffer_may_come_before_the_stream)
{
	static char text[STREAM_BUFFER_BYTES + 10];

	begin(&kept);
	rs->stream = NULL;
	ck_assert_int_eq(exchange_write(x, text, sizeof text), 0);
	ck_assert_int_eq(stream_start(rs), 0);
	ck_assert_uint_eq(flushes, 0);
	put_text("!");
	ck_assert_uint_eq(flushes, 1);
	wire_len = 0;
	end("0\r\n\r\n");
}
END_TEST

/* RFC 9112 6.1: no transfer coding for a client that cannot know it. */
START_TEST(in_http_1_0_it_ends_with_the_connection)
{
	begin(&closing_1_0);
	put_text("one ");
	ck_assert_int_eq(flush(x), 0);
	put_text("two");
	end(TOP("200 OK") "Connection: close\r\n\r\none two");
}
END_TEST

START_TEST(some_streams_are_a_head_alone)
{
	begin(&to_head);
	put_text("one ");
	ck_assert_int_eq(flush(x), 0);
	ck_assert_int_eq(exchange_file(x, file_of("two"), 0, 3), 0);
	put_text("three");
	end(CHUNKED);

	begin(&kept);
	response_status(rs, 304);
	put_text("one ");
	ck_assert_int_eq(flush(x), 0);
	put_text("two");
	end(TOP("304 Not Modified") "\r\n");

	begin(&kept);
	response_status(rs, 205);
	put_text("one ");
	ck_assert_int_eq(flush(x), 0);
	put_text("two");
	end(TOP("205 Reset Content") "Content-Length: 0\r\n\r\n");
}
END_TEST

START_TEST(a_head_that_has_gone_is_settled)
{
	begin(&kept);
	ck_assert_int_eq(response_field(rs, LTD_SLICE("X-A"), LTD_SLICE("1")), 0);
	ck_assert_int_eq(flush(x), 0);
	ck_assert_int_eq(response_field(rs, LTD_SLICE("X-B"), LTD_SLICE("2")), -EALREADY);
	response_status(rs, 404);
	response_type(rs, LTD_SLICE("text/html"));
	ck_assert_uint_eq(rs->status, 200);
	end(TOP("200 OK") "X-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
}
END_TEST

START_TEST(a_broken_stream_has_no_last_chunk)
{
	begin(&kept);
	put_text("one");
	ck_assert_int_eq(flush(x), 0);
	put_text("two");
	stream_break(rs, -EPIPE);
	stream_break(rs, -EIO);
	ck_assert(stream_is_cut(rs));
	ck_assert_int_eq(exchange_write(x, "three", 5), -EPIPE);
	ck_assert_int_eq(exchange_file(x, file_of("four"), 0, 4), -EPIPE);
	end(CHUNKED "3\r\none\r\n");

	begin(&kept);
	ck_assert_int_eq(flush(x), 0);
	response_error(rs, 500, LTD_SLICE("too late"));
	ck_assert(stream_is_cut(rs));
	end(CHUNKED);
}
END_TEST

START_TEST(running_short_cuts_what_has_begun_and_is_a_503_before)
{
	begin(&kept);
	put_text("one");
	ck_assert_int_eq(flush(x), 0);
	put_text("two");
	ck_assert_ptr_null(arena_alloc(&x->arena, 1 << 20));
	end(CHUNKED "3\r\none\r\n");

	begin(&kept);
	put_text("one");
	ck_assert_ptr_null(arena_alloc(&x->arena, 1 << 20));
	ck_assert_int_eq(flush(x), -ENOMEM);
	ck_assert(!stream_is_cut(rs));
	response_seal(rs, frame);
	ck_assert_uint_eq(rs->status, 503);
	exchange_fini(x);
	free(x);
}
END_TEST

START_TEST(an_unsound_status_does_not_begin)
{
	begin(&kept);
	response_status(rs, 99);
	put_text("secret");
	ck_assert_int_eq(flush(x), -EINVAL);
	response_seal(rs, frame);
	ck_assert_uint_eq(rs->status, 500);
	take_out();
	ck_assert_ptr_null(memmem(wire, wire_len, "secret", 6));
	exchange_fini(x);
	free(x);
}
END_TEST

START_TEST(an_error_before_the_head_is_an_ordinary_answer)
{
	begin(&kept);
	put_text("forgotten");
	response_error(rs, 404, slice_of(NULL, 0));
	end(TOP("404 Not Found") "Content-Type: text/plain\r\nContent-Length: 14\r\n\r\n404 Not "
				 "Found\n");
}
END_TEST

UNIT_SUITE_OF(stream, each_flush_is_a_chunk, the_head_may_go_first,
	      what_was_never_flushed_has_a_length, what_came_before_the_stream_goes_with_it,
	      files_go_out_between, a_full_buffer_goes_by_itself,
	      more_than_a_buffer_may_come_before_the_stream,
	      in_http_1_0_it_ends_with_the_connection, some_streams_are_a_head_alone,
	      a_head_that_has_gone_is_settled, a_broken_stream_has_no_last_chunk,
	      running_short_cuts_what_has_begun_and_is_a_503_before,
	      an_unsound_status_does_not_begin, an_error_before_the_head_is_an_ordinary_answer)
