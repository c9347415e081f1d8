/*
 * The response writer.  The input is a handler: what it does to the response, call by call; the
 * bytes that go out are read back, and must say what the handler said and nothing else.
 *
 *	byte: 1 HTTP/1.0, 2 HEAD, 4 close, 8 little memory; then calls, each a letter and
 *	s HH status | f N name N value | t N type | w N bytes | x N bytes, 256 times
 *	r N bytes, by reference | F N N part of a file | e HH N status and text of an error
 *	where N is one byte, in front of as many bytes; HH are two
 */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "http/chars.h"
#include "http/response.h"
#include "reader_bytes.h"

#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"
#define CALLS_MAX 64
#define FILE_BYTES 512
#define BODY_BYTES_MAX (CALLS_MAX * 65536)

/* What should go out. */
struct expected {
	unsigned status;
	struct ltd_slice type;
	struct buf fields, body; /* the fields as lines */
};

struct handler {
	const char *at, *end; /* of what it has yet to do */
	struct response response;
	struct expected expected;
	int files[CALLS_MAX]; /* given away */
	size_t file_count, calls;
};

static int file = -1;

static void open_file(void)
{
	char bytes[FILE_BYTES];

	if (file >= 0)
		return;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)i;
	file = memfd_create("file", 0);
	FUZZ_CHECK(write(file, bytes, sizeof bytes) == sizeof bytes, "write");
}

static unsigned take_byte(struct handler *h)
{
	return h->at < h->end ? (unsigned char)*h->at++ : 0;
}

static unsigned take_two(struct handler *h)
{
	unsigned high = take_byte(h);

	return high << 8 | take_byte(h);
}

/* A byte, and as many bytes as it says; fewer at the end. */
static struct ltd_slice take_text(struct handler *h)
{
	size_t n = take_byte(h), left = (size_t)(h->end - h->at);
	struct ltd_slice s = slice_of(h->at, n < left ? n : left);

	h->at += s.len;
	return s;
}

/* --- calls --------------------------------------------------------------------- */

static void call_status(struct handler *h)
{
	h->expected.status = take_two(h);
	response_status(&h->response, h->expected.status);
}

static bool is_clean(struct ltd_slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (((unsigned char)s.at[i] < 0x20 && s.at[i] != '\t') || s.at[i] == 0x7f)
			return false;
	return true;
}

static bool is_name(struct ltd_slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!reader_is_in(s.at[i], TCHARS))
			return false;
	return s.len > 0;
}

static void call_field(struct handler *h)
{
	struct ltd_slice name = take_text(h), value = take_text(h);
	int error = response_field(&h->response, name, value);

	if (error)
		return;
	FUZZ_CHECK(is_name(name) && is_clean(value), "a field that breaks the head was taken");
	if (slice_eq_nocase(name, LTD_SLICE("content-type"))) {
		h->expected.type = value;
		return;
	}
	buf_printf(&h->expected.fields, "%.*s: ", (int)name.len, name.at);
	buf_append(&h->expected.fields, value.at, value.len);
	buf_puts(&h->expected.fields, "\r\n");
}

static void call_type(struct handler *h)
{
	struct ltd_slice type = take_text(h);

	response_type(&h->response, type);
	h->expected.type = is_clean(type) ? type : slice_of(NULL, 0);
}

static void write_times(struct handler *h, unsigned times)
{
	struct ltd_slice bytes = take_text(h);

	for (unsigned i = 0; i < times; i++)
		if (response_write(&h->response, bytes.at, bytes.len) == 0)
			buf_append(&h->expected.body, bytes.at, bytes.len);
}

static void call_write(struct handler *h)
{
	write_times(h, 1);
}

static void call_write_much(struct handler *h)
{
	write_times(h, 256);
}

static void call_body_ref(struct handler *h)
{
	struct ltd_slice bytes = take_text(h);

	response_body_ref(&h->response, bytes.at, bytes.len);
	buf_reset(&h->expected.body);
	buf_append(&h->expected.body, bytes.at, bytes.len);
}

static void call_file(struct handler *h)
{
	off_t offset = (off_t)take_byte(h);
	size_t len = take_byte(h);
	int fd = fcntl(file, F_DUPFD_CLOEXEC, 0);
	char bytes[FILE_BYTES];

	h->files[h->file_count++] = fd;
	if (response_file(&h->response, fd, offset, len) < 0)
		return;
	FUZZ_CHECK(pread(file, bytes, len, offset) == (ssize_t)len, "pread");
	buf_append(&h->expected.body, bytes, len);
}

static void call_error(struct handler *h)
{
	unsigned status = take_two(h);
	struct ltd_slice text = take_text(h);

	response_error(&h->response, status, text);
	h->expected.status = status >= 200 && status < 600 ? status : 500;
	h->expected.type = LTD_SLICE("text/plain");
	buf_reset(&h->expected.fields);
	buf_reset(&h->expected.body);
	h->expected.body.is_short = true; /* its text is the server's business */
}

static void (*const calls[128])(struct handler *h) = {
	['s'] = call_status,     ['f'] = call_field,    ['t'] = call_type, ['w'] = call_write,
	['x'] = call_write_much, ['r'] = call_body_ref, ['F'] = call_file, ['e'] = call_error,
};

/* --- what went out ------------------------------------------------------------------ */

static void collect(const struct piece *p, struct buf *to)
{
	for (; p; p = p->next) {
		FUZZ_CHECK(buf_reserve(to, p->len) == 0, "a response without end");
		if (piece_is_file(p))
			FUZZ_CHECK(pread(p->fd, to->at + to->len, p->len, p->offset) ==
					   (ssize_t)p->len,
				   "a file's piece cannot be read");
		else if (p->len)
			memcpy(to->at + to->len, p->at, p->len);
		to->len += p->len;
	}
}

/* The text goes on with this. */
static void take(struct ltd_slice *rest, struct ltd_slice text)
{
	FUZZ_CHECK(slice_starts_with(*rest, text), "'%.*s' where '%.*s' belongs", (int)rest->len,
		   rest->at, (int)text.len, text.at);
	*rest = slice_of(rest->at + text.len, rest->len - text.len);
}

static void take_string(struct ltd_slice *rest, const char *text)
{
	take(rest, slice_of_string(text));
}

/* HTTP/1.1 NNN reason */
static unsigned take_status(struct ltd_slice *rest)
{
	struct ltd_slice line;
	uint64_t status;

	FUZZ_CHECK(slice_cut(rest, '\r', &line) && rest->at, "no status line");
	take_string(&line, "HTTP/1.1 ");
	FUZZ_CHECK(line.len >= 4 && line.at[3] == ' ' && is_clean(line) &&
			   reader_to_number(slice_of(line.at, 3), &status),
		   "a bad status line");
	take_string(rest, "\n");
	return (unsigned)status;
}

static void check_body(const struct handler *h, const struct response_frame *frame,
		       struct ltd_slice body, uint64_t length)
{
	const struct buf *expected = &h->expected.body;

	if (frame->is_head) {
		FUZZ_CHECK(body.len == 0, "a body behind HEAD");
		return;
	}
	FUZZ_CHECK(body.len == length, "%zu bytes, said to be %zu", body.len, (size_t)length);
	if (!expected->is_short)
		FUZZ_CHECK(slice_eq(body, buf_slice(expected)), "another body than was written");
}

/* The body is there, unless the status allows none. */
static bool has_length(unsigned status)
{
	return status != 204 && status != 304;
}

static void check_sent(struct handler *h, const struct response_frame *frame, struct ltd_slice rest)
{
	struct expected *e = &h->expected;
	bool is_short = h->response.arena->is_short;
	unsigned status = take_status(&rest);
	char length[64];

	if (is_short || e->status < 200 || e->status > 599) {
		FUZZ_CHECK(status == (is_short ? 503 : 500), "status %u", status);
		return;
	}
	FUZZ_CHECK(status == e->status, "status %u, not %u", status, e->status);
	take_string(&rest, "Server: littled\r\nDate: " DATE "\r\n");
	if (e->type.at && status != 204) {
		take_string(&rest, "Content-Type: ");
		take(&rest, e->type);
		take_string(&rest, "\r\n");
	}
	take(&rest, buf_slice(&e->fields));
	if (status == 205 || !has_length(status)) {
		buf_reset(&e->body);
	}
	uint64_t body = e->body.is_short ? h->response.body.len : e->body.len;
	snprintf(length, sizeof length, "Content-Length: %zu\r\n", (size_t)body);
	if (has_length(status))
		take_string(&rest, length);
	if (!frame->keep_alive)
		take_string(&rest, "Connection: close\r\n");
	else if (frame->version == 10)
		take_string(&rest, "Connection: keep-alive\r\n");
	take_string(&rest, "\r\n");
	check_body(h, frame, rest, body);
}

static void check_files_closed(const struct handler *h)
{
	for (size_t i = 0; i < h->file_count; i++)
		FUZZ_CHECK(fcntl(h->files[i], F_GETFD) < 0 && errno == EBADF, "a file left open");
}

static void run(struct handler *h)
{
	while (h->at < h->end && h->calls++ < CALLS_MAX) {
		unsigned call = take_byte(h);

		if (call < 128 && calls[call])
			calls[call](h);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t len)
{
	static struct handler h;
	struct response_frame frame = { .date = DATE };
	struct arena arena;
	char first[256];
	struct buf sent;

	open_file();
	h = (struct handler){ .at = (const char *)input, .end = (const char *)input + len };
	unsigned flags = take_byte(&h);
	frame.version = flags & 1 ? 10 : 11;
	frame.is_head = flags & 2;
	frame.keep_alive = !(flags & 4);
	arena_init(&arena, first, sizeof first, flags & 8 ? 1024 : 1 << 20);
	response_init(&h.response, &arena);
	h.expected.status = 200;
	buf_init(&h.expected.fields, BODY_BYTES_MAX);
	buf_init(&h.expected.body, BODY_BYTES_MAX);
	buf_init(&sent, 2 * BODY_BYTES_MAX);

	run(&h);
	response_seal(&h.response, &frame);
	collect(h.response.out, &sent);
	check_sent(&h, &frame, buf_slice(&sent));
	response_fini(&h.response);
	check_files_closed(&h);

	arena_reset(&arena);
	buf_fini(&h.expected.fields);
	buf_fini(&h.expected.body);
	buf_fini(&sent);
	return 0;
}
