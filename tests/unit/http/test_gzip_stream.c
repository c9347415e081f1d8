/* Compression of streams: what has been flushed can be unpacked, and comes out as it went in. */
#include "http/gzip.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "packing.h"
#include "unit.h"

static struct exchange *x;
static struct response *rs;

static char wire[16 << 20];
static size_t wire_len;

static void take_out(void)
{
	for (const struct piece *p = rs->out; p; p = p->next) {
		ck_assert_uint_gt(p->len, 0);
		ck_assert_int_eq(piece_is_file(p), false);
		memcpy(wire + wire_len, p->at, p->len);
		wire_len += p->len;
	}
	rs->out = NULL;
}

static int flush(struct exchange *of)
{
	bool has_more = true;

	if (!stream_has_begun(rs)) {
		gzip_stream(&packing, &packing_rules, rs, &of->request);
		ck_assert_int_eq(stream_begin(rs, &packing_frame), 0);
	}
	while (has_more && !rs->stream->error) {
		has_more = stream_load(rs);
		take_out();
	}
	stream_unload(rs);
	return rs->stream->error;
}

static void begin_stream(void)
{
	static const struct exchange_link link = { .flush = flush };

	x = packing_begin(packing_asks);
	rs = &x->response;
	x->link = &link;
	wire_len = 0;
	ck_assert_int_eq(stream_start(rs), 0);
}

/* The content of the chunks that are there; true once the last one is. */
static bool unchunk(char *content, size_t *len)
{
	const char *at = wire + rs->head.len;
	bool is_whole = false;

	*len = 0;
	while (at < wire + wire_len && !is_whole) {
		char *end;
		size_t size = strtoul(at, &end, 16);

		ck_assert_int_eq(memcmp(end, "\r\n", 2), 0);
		memcpy(content + *len, end + 2, size);
		*len += size;
		ck_assert_int_eq(memcmp(end + 2 + size, "\r\n", 2), 0);
		at = end + 2 + size + 2;
		is_whole = size == 0;
	}
	ck_assert_ptr_eq(at, wire + wire_len);
	return is_whole;
}

static void check_stream(const char *expected, size_t len, bool is_over)
{
	static char content[16 << 20];
	size_t n;

	ck_assert_int_eq(unchunk(content, &n), is_over);
	packing_check(slice_of(content, n), slice_of(expected, len), is_over);
}

START_TEST(each_flush_can_be_read)
{
	const char *text = packing_letters(10000);

	begin_stream();
	for (size_t at = 0; at < 10000; at += 500) {
		ck_assert_int_eq(exchange_write(x, text + at, 500), 0);
		ck_assert_int_eq(flush(x), 0);
		size_t before = wire_len;
		ck_assert_int_eq(flush(x), 0); /* nothing new, nothing sent */
		ck_assert_uint_eq(wire_len, before);
		check_stream(text, at + 500, false);
	}
	ck_assert(packing_head_has(x, "\r\nContent-Encoding: gzip\r\n") &&
		  packing_head_has(x, "\r\nVary: Accept-Encoding\r\n"));
	response_seal(rs, &packing_frame);
	take_out();
	check_stream(text, 10000, true);
	packing_end(x);
}
END_TEST

static void stream_of(const char *bytes, size_t len, size_t step, size_t left)
{
	begin_stream();
	for (size_t at = 0; at < len - left; at += step)
		ck_assert_int_eq(exchange_write(x, bytes + at,
						len - left - at < step ? len - left - at : step),
				 0);
	ck_assert_int_eq(flush(x), 0);
	size_t in_arena = x->arena.heap_bytes;
	ck_assert_int_eq(exchange_write(x, bytes + len - left, left), 0);
	response_seal(rs, &packing_frame);
	take_out();
	ck_assert_uint_le(x->arena.heap_bytes, in_arena + 2 * STREAM_BUFFER_BYTES);
	ck_assert_uint_le(x->arena.heap_bytes, 6 * STREAM_BUFFER_BYTES);
	check_stream(bytes, len, true);
	packing_end(x);
}

START_TEST(streams_of_any_length_come_out_as_they_went_in)
{
	static const size_t steps[] = { 1000, STREAM_BUFFER_BYTES, STREAM_BUFFER_BYTES + 1,
					1 << 20 };

	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		stream_of(packing_letters(3 << 20), 3 << 20, steps[i], 0);
		stream_of(packing_letters(3 << 20), 3 << 20, steps[i], STREAM_BUFFER_BYTES);
		stream_of(packing_noise(3 << 20), 3 << 20, steps[i], 1);
		stream_of(packing_noise(3 << 20), 3 << 20, steps[i], STREAM_BUFFER_BYTES);
	}
}
END_TEST

START_TEST(files_in_a_stream_are_compressed_too)
{
	const char *text = packing_letters(100000);
	int fd = memfd_create("test", MFD_CLOEXEC), shorter = memfd_create("test", MFD_CLOEXEC);

	ck_assert_int_eq(write(fd, text, 100000), 100000);
	begin_stream();
	ck_assert_int_eq(exchange_write(x, text, 1000), 0);
	ck_assert_int_eq(exchange_file(x, fd, 1000, 90000), 0);
	ck_assert_int_eq(exchange_write(x, text + 91000, 9000), 0);
	response_seal(rs, &packing_frame);
	take_out();
	check_stream(text, 100000, true);
	packing_end(x);

	/* One that is shorter than was said breaks the stream. */
	begin_stream();
	ck_assert_int_eq(write(shorter, text, 10), 10);
	ck_assert_int_lt(exchange_file(x, shorter, 0, 11), 0);
	ck_assert(stream_is_cut(rs));
	packing_end(x);
}
END_TEST

START_TEST(what_was_never_flushed_is_compressed_whole)
{
	const char *text = packing_letters(5000);

	begin_stream();
	ck_assert_int_eq(exchange_write(x, text, 5000), 0);
	gzip_whole(&packing, &packing_rules, rs, &x->request, UINT64_MAX);
	response_seal(rs, &packing_frame);
	ck_assert(packing_head_has(x, "\r\nContent-Length: "));
	packing_check(slice_of(wire, packing_gather(rs->out->next, wire)), slice_of(text, 5000),
		      true);
	packing_end(x);
}
END_TEST

UNIT_SUITE_OF(gzip_stream, each_flush_can_be_read, streams_of_any_length_come_out_as_they_went_in,
	      files_in_a_stream_are_compressed_too, what_was_never_flushed_is_compressed_whole)
