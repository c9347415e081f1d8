/*
 * Responses that go out while they are written.  The input is a handler; what leaves at each
 * flush is put together, read back by a slow reader of chunks, and must be what was written: all
 * of it and ended, or, if the stream broke, a beginning without an end.
 *
 *	byte: 1 HTTP/1.0, 2 HEAD, 4 close, 8 little memory, 16 compressed; then calls, each a letter and
 *	w N bytes | W N bytes, 64 times | r N bytes, by reference | F N N part of a file
 *	s HH status | f N value of a field | | flush | x the client goes | e error
 *	where N is one byte, in front of as many bytes; HH are two
 */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include <littled/response.h>

#include "base/buf.h"
#include "http/exchange.h"
#include "http/gzip.h"
#include "http/stream.h"
#include "reader_bytes.h"

#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"
#define CALLS_MAX 48
#define BYTES_MAX (1 << 21)
#define FILE_BYTES 512

static struct handler {
	const char *at, *end; /* of what it has yet to do */
	struct response_frame frame;
	struct exchange *x;
	struct buf written, wire;
	size_t calls, flushed; /* of what was written, so much was flushed */
	unsigned status;
	bool client_is_gone, has_failed, takes_gzip;
} h;

static struct gzip gzip;
static const struct gzip_rules rules = { .types = { "text/*", 6 }, .level = 1 };

static int file = -1;

static void open_file(void)
{
	char bytes[FILE_BYTES];

	if (file >= 0)
		return;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)('a' + i % 26);
	file = memfd_create("file", 0);
	FUZZ_CHECK(write(file, bytes, sizeof bytes) == sizeof bytes, "write");
}

static struct ltd_exchange *outer(void)
{
	return (struct ltd_exchange *)h.x;
}

static struct response *response(void)
{
	return &h.x->response;
}

/* --- as the connection does it ------------------------------------------------------ */

static void send_out(void)
{
	for (const struct piece *p = response()->out; p; p = p->next) {
		FUZZ_CHECK(buf_reserve(&h.wire, p->len) == 0, "a response without end");
		if (piece_is_file(p))
			FUZZ_CHECK(pread(p->fd, h.wire.at + h.wire.len, p->len, p->offset) ==
					   (ssize_t)p->len,
				   "a file's piece cannot be read");
		else if (p->len)
			memcpy(h.wire.at + h.wire.len, p->at, p->len);
		h.wire.len += p->len;
	}
}

static void send_loaded(struct response *rs)
{
	bool has_more = true;

	while (has_more) {
		has_more = stream_load(rs);
		send_out();
		rs->out = NULL;
	}
}

static int flush(struct exchange *x)
{
	struct response *rs = &x->response;
	int error = stream_check(rs);

	if (!error && h.client_is_gone)
		error = -EPIPE;
	if (!error && !stream_has_begun(rs)) {
		if (h.takes_gzip)
			gzip_stream(&gzip, &rules, rs, &x->request);
		error = stream_begin(rs, &h.frame);
	}
	if (error)
		stream_break(rs, error);
	else
		send_loaded(rs);
	stream_unload(rs);
	return error;
}

/* --- calls ------------------------------------------------------------------------------ */

static unsigned take_byte(void)
{
	return h.at < h.end ? (unsigned char)*h.at++ : 0;
}

static struct ltd_slice take_text(void)
{
	size_t n = take_byte(), left = (size_t)(h.end - h.at);
	struct ltd_slice s = slice_of(h.at, n < left ? n : left);

	h.at += s.len;
	return s;
}

/* What failed to be written ends all: the client must see that something is missing. */
static void note(int error, struct ltd_slice bytes)
{
	h.has_failed = h.has_failed || error;
	if (!h.has_failed)
		buf_append(&h.written, bytes.at, bytes.len);
}

static void write_times(unsigned times)
{
	struct ltd_slice s = take_text();

	for (unsigned i = 0; i < times; i++)
		note(ltd_response_write(outer(), s.at, s.len), s);
}

static void call_write(void)
{
	write_times(1);
}

static void call_write_much(void)
{
	write_times(64);
}

/* A whole body by reference; in a stream, one more piece of it. */
static void call_body(void)
{
	struct ltd_slice s = take_text();

	ltd_response_body(outer(), s.at, s.len);
	note(stream_is_broken(response()), s);
}

static void call_file(void)
{
	char bytes[FILE_BYTES];
	off_t offset = (off_t)take_byte();
	size_t len = take_byte();

	FUZZ_CHECK(pread(file, bytes, len, offset) == (ssize_t)len, "pread");
	note(ltd_response_file(outer(), fcntl(file, F_DUPFD_CLOEXEC, 0), offset, len),
	     slice_of(bytes, len));
}

static void call_status(void)
{
	unsigned high = take_byte(), status = high << 8 | take_byte();

	ltd_response_status(outer(), status);
	if (!stream_has_begun(response()))
		h.status = status;
}

static void call_field(void)
{
	ltd_response_header(outer(), "X-A", take_text());
}

static void call_flush(void)
{
	h.has_failed = ltd_response_flush(outer()) < 0 || h.has_failed;
	if (!h.has_failed)
		h.flushed = h.written.len;
}

static void call_go(void)
{
	h.client_is_gone = true;
}

static void call_error(void)
{
	bool has_begun = stream_has_begun(response());

	ltd_response_error(outer(), 500, "%s", "failed");
	h.has_failed = h.has_failed || has_begun;
	if (!has_begun) {
		buf_reset(&h.written);
		buf_puts(&h.written, "500 Internal Server Error: failed\n");
		h.status = 500;
	}
}

static void (*const calls[128])(void) = {
	['w'] = call_write, ['W'] = call_write_much, ['r'] = call_body,
	['F'] = call_file,  ['s'] = call_status,     ['f'] = call_field,
	['|'] = call_flush, ['x'] = call_go,         ['e'] = call_error,
};

static void run(void)
{
	ltd_response_stream(outer());
	while (h.at < h.end && h.calls++ < CALLS_MAX) {
		unsigned call = take_byte();

		if (call < 128 && calls[call])
			calls[call]();
	}
}

/* --- what went out -------------------------------------------------------------------------- */

/* Cuts the head off; how the rest is framed is what its fields say. */
static struct ltd_slice cut_head(struct ltd_slice *wire)
{
	const char *end = memmem(wire->at, wire->len, "\r\n\r\n", 4);
	struct ltd_slice head = *wire;

	FUZZ_CHECK(end, "no head in '%.*s'", (int)wire->len, wire->at);
	head.len = (size_t)(end - wire->at) + 4;
	*wire = slice_of(end + 4, wire->len - head.len);
	return head;
}

static bool says(struct ltd_slice head, const char *line)
{
	return memmem(head.at, head.len, line, strlen(line));
}

/* The chunks of `wire`, put together; true if the last one is there, and nothing behind it. */
static bool join_chunks(struct ltd_slice wire, struct buf *to)
{
	for (;;) {
		char digits[20] = "", *stop;
		struct ltd_slice line;

		if (wire.len == 0)
			return false;
		FUZZ_CHECK(slice_cut(&wire, '\n', &line) && wire.at && line.len < sizeof digits,
			   "no chunk size");
		memcpy(digits, line.at, line.len);
		size_t n = strtoull(digits, &stop, 16);
		FUZZ_CHECK(stop > digits && strcmp(stop, "\r") == 0, "a chunk size of '%s'", digits);
		FUZZ_CHECK(wire.len >= n + 2 && memcmp(wire.at + n, "\r\n", 2) == 0, "a cut chunk");
		buf_append(to, wire.at, n);
		wire = slice_of(wire.at + n + 2, wire.len - n - 2);
		if (n == 0)
			FUZZ_CHECK(wire.len == 0, "bytes behind the last chunk");
		if (n == 0)
			return true;
	}
}

/* What a client has of it so far; a whole one if it is said to be ended. */
static void inflate_all(struct buf *content, bool is_ended)
{
	struct buf out;
	z_stream z = { .next_in = (Bytef *)content->at, .avail_in = (uInt)content->len };
	int result = Z_OK;

	buf_init(&out, BYTES_MAX);
	FUZZ_CHECK(inflateInit2(&z, 15 + 16) == Z_OK, "inflateInit2");
	while (result == Z_OK) {
		FUZZ_CHECK(buf_reserve(&out, 1024) == 0, "more than was written");
		z.next_out = (Bytef *)out.at + out.len;
		z.avail_out = 1024;
		result = inflate(&z, Z_NO_FLUSH);
		out.len += 1024 - z.avail_out;
	}
	FUZZ_CHECK(result == Z_STREAM_END || (result == Z_BUF_ERROR && !is_ended), "inflate: %d",
		   result);
	inflateEnd(&z);
	buf_fini(content);
	*content = out;
}

static void check_content(struct ltd_slice head, struct buf *content, bool is_ended)
{
	if (says(head, "\r\nContent-Encoding: gzip\r\n"))
		inflate_all(content, is_ended);
	if (h.has_failed) {
		FUZZ_CHECK(content->len >= h.flushed, "what was flushed has not left");
		if (h.written.len > content->len)
			h.written.len = content->len;
	}
	FUZZ_CHECK(slice_eq(buf_slice(content), buf_slice(&h.written)), "other content");
}

/* It has been begun, and went out in pieces. */
static void check_pieces(struct ltd_slice head, struct ltd_slice wire)
{
	struct buf content;
	bool is_ended = true, is_chunked = says(head, "\r\nTransfer-Encoding: chunked\r\n");

	FUZZ_CHECK(is_chunked ? h.frame.version == 11 : !says(head, "\r\nContent-Length"),
		   "framing");
	FUZZ_CHECK(is_chunked || says(head, "\r\nConnection: close\r\n"), "no end can be seen");
	buf_init(&content, BYTES_MAX);
	if (is_chunked)
		is_ended = join_chunks(wire, &content);
	else
		buf_append(&content, wire.at, wire.len);
	if (is_chunked)
		FUZZ_CHECK(is_ended == !h.has_failed, "failed %d, ended %d", h.has_failed, is_ended);
	check_content(head, &content, is_chunked ? is_ended : !h.has_failed);
	buf_fini(&content);
}

static void check_whole(struct ltd_slice head, struct ltd_slice wire)
{
	struct buf content;

	buf_init(&content, BYTES_MAX);
	buf_append(&content, wire.at, wire.len);
	check_content(head, &content, true);
	buf_fini(&content);
}

static void check_sent(bool has_begun)
{
	struct ltd_slice wire = buf_slice(&h.wire), head;
	bool is_sound = h.status >= 200 && h.status <= 599;
	bool is_empty = h.status == 204 || h.status == 304 || h.status == 205;

	if (!has_begun && (h.has_failed || h.x->arena.is_short || !is_sound))
		return; /* an ordinary error: target_response.c has those */
	head = cut_head(&wire);
	if (is_empty || h.frame.is_head)
		FUZZ_CHECK(wire.len == 0, "a body of %zu bytes", wire.len);
	else if (has_begun)
		check_pieces(head, wire);
	else
		check_whole(head, wire);
}

/* Either the connection says what its framing says, or it must end. */
static void set_frame(unsigned flags)
{
	h.frame = (struct response_frame){
		.version = flags & 1 ? 10 : 11,
		.is_head = flags & 2,
		.keep_alive = !(flags & 4),
		.date = DATE,
	};
	if (flags & 1)
		h.frame.keep_alive = false; /* as the connection has it: a stream in 1.0 ends it */
}

/* With a request that takes compressed answers. */
static void begin_exchange(const struct limits *limits)
{
	static const struct exchange_link link = { .flush = flush };
	static const char request[] = "GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n";

	h.x = malloc(EXCHANGE_BYTES);
	exchange_init(h.x, NULL, limits);
	FUZZ_CHECK(parser_feed(&h.x->parser, request, sizeof request - 1) == PARSE_DONE, "request");
	h.x->link = &link;
	h.x->slot = 0;
	ltd_response_type(outer(), "text/plain");
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t len)
{
	struct limits limits = {
		.line_bytes = 64,
		.fields = 8,
		.field_bytes = 64,
		.head_bytes = 256,
		.arena_bytes = 1 << 20,
	};

	open_file();
	memset(&h, 0, sizeof h);
	h.at = (const char *)input;
	h.end = h.at + len;
	unsigned flags = take_byte();
	set_frame(flags);
	h.takes_gzip = flags & 16;
	if (flags & 8)
		limits.arena_bytes = 1024;
	h.status = 200;
	begin_exchange(&limits);
	buf_init(&h.written, BYTES_MAX);
	buf_init(&h.wire, 2 * BYTES_MAX);

	run();
	bool has_begun = stream_has_begun(response());
	if (h.takes_gzip && !has_begun)
		gzip_whole(&gzip, &rules, response(), &h.x->request, BYTES_MAX);
	h.has_failed = h.has_failed || h.x->arena.is_short;
	response_seal(response(), &h.frame);
	send_out();
	check_sent(has_begun);

	exchange_fini(h.x);
	free(h.x);
	buf_fini(&h.written);
	buf_fini(&h.wire);
	return 0;
}
