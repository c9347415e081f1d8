/*
 * Responses.  The head is put together by hand, in one allocation: this is on the path of
 * every request.
 *
 * Runs in: leader, slot.
 */
#include "http/response.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/chars.h"
#include "http/status.h"

#define FIELDS_ROOM 256
#define BODY_ROOM 512
#define DIGITS_MAX 20 /* of a 64-bit number */

/* What goes out when there was no memory for anything better (no Date: RFC 9110 6.6.1). */
#define SHORT_BODY "503 Service Unavailable: no memory for the response\n"
#define SHORT_HEAD(connection) \
	"HTTP/1.1 503 Service Unavailable\r\nServer: littled\r\nContent-Type: text/plain\r\n" \
	"Content-Length: 52\r\n" connection "\r\n"
_Static_assert(sizeof(SHORT_BODY) - 1 == 52, "Content-Length of SHORT_HEAD");

static const struct ltd_slice connection_close = { "Connection: close\r\n", 19 };
static const struct ltd_slice connection_keep = { "Connection: keep-alive\r\n", 24 };
static const struct ltd_slice text_plain = { "text/plain", 10 };

void response_init(struct response *rs, struct arena *arena)
{
	const struct ltd_slice none = { NULL, 0 };

	rs->arena = arena;
	rs->status = 200;
	rs->type = rs->head = none;
	pieces_init(&rs->body);
	rs->out = NULL;
	rs->fields = rs->written = NULL;
	rs->fields_len = rs->fields_room = 0;
	rs->written_len = rs->written_room = 0;
}

void response_fini(struct response *rs)
{
	pieces_drop(&rs->body);
}

void response_status(struct response *rs, unsigned status)
{
	rs->status = status;
}

/* Room for `more` bytes behind `len` in a piece of the arena that doubles. */
static bool make_room(struct arena *a, char **at, size_t len, size_t *room, size_t first,
		      size_t more)
{
	size_t need;

	if (more <= *room - len)
		return true;
	if (__builtin_add_overflow(len, more, &need)) {
		a->is_short = true;
		return false;
	}

	size_t larger = *room ? *room * 2 : first;
	if (larger < need)
		larger = need;
	char *copy = arena_grow(a, *at, *room, larger);
	if (!copy)
		return false;
	*at = copy;
	*room = larger;
	return true;
}

static inline char *put(char *to, struct ltd_slice s)
{
	memcpy(to, s.at, s.len);
	return to + s.len;
}

static inline char *put_literal(char *to, const char *text, size_t len)
{
	memcpy(to, text, len);
	return to + len;
}

#define PUT(to, literal) put_literal(to, literal, sizeof(literal) - 1)

static char *put_number(char *to, uint64_t n)
{
	char digits[DIGITS_MAX], *d = digits + sizeof digits;

	do {
		*--d = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	return put(to, slice_of(d, (size_t)(digits + sizeof digits - d)));
}

/* Fields that are the server's business, and Content-Type, which has a place of its own. */
static bool is_reserved(struct ltd_slice name)
{
	static const struct ltd_slice reserved[] = {
		{ "date", 4 },
		{ "server", 6 },
		{ "content-length", 14 },
		{ "connection", 10 },
		{ "transfer-encoding", 17 },
	};

	for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
		if (slice_eq_nocase(name, reserved[i]))
			return true;
	return false;
}

static int copy_type(struct response *rs, struct ltd_slice value)
{
	struct ltd_slice copy = arena_copy(rs->arena, value);

	if (!copy.at)
		return -ENOMEM;
	rs->type = copy;
	return 0;
}

int response_field(struct response *rs, struct ltd_slice name, struct ltd_slice value)
{
	if (!chars_are_token(name) || chars_clean(value) != value.len || is_reserved(name))
		return -EINVAL;
	if (slice_eq_nocase(name, LTD_SLICE("content-type")))
		return copy_type(rs, value);
	if (!make_room(rs->arena, &rs->fields, rs->fields_len, &rs->fields_room, FIELDS_ROOM,
		       name.len + value.len + 4))
		return -ENOMEM;

	char *to = put(rs->fields + rs->fields_len, name);
	to = PUT(to, ": ");
	if (value.len)
		to = put(to, value);
	to = PUT(to, "\r\n");
	rs->fields_len = (size_t)(to - rs->fields);
	return 0;
}

/* A type that would break the head is not sent at all. */
void response_type(struct response *rs, struct ltd_slice type)
{
	rs->type = type.at && chars_clean(type) == type.len ? type : slice_of(NULL, 0);
}

int response_write(struct response *rs, const void *bytes, size_t len)
{
	if (len == 0)
		return 0;
	if (!make_room(rs->arena, &rs->written, rs->written_len, &rs->written_room, BODY_ROOM, len))
		return -ENOMEM;
	memcpy(rs->written + rs->written_len, bytes, len);
	rs->written_len += len;
	return 0;
}

/* Room for the next piece; NULL when memory is short. */
static struct piece *new_piece(struct response *rs)
{
	return rs->body.first ? arena_alloc(rs->arena, sizeof(struct piece)) : &rs->only;
}

/* What was written becomes a piece of its own: something else comes behind it. */
static bool end_written(struct response *rs)
{
	if (rs->written_len == 0)
		return true;

	struct piece *p = new_piece(rs);
	if (!p)
		return false;
	pieces_add_memory(&rs->body, p, slice_of(rs->written, rs->written_len));
	rs->written = NULL;
	rs->written_len = rs->written_room = 0;
	return true;
}

static void forget_body(struct response *rs)
{
	pieces_drop(&rs->body);
	rs->written_len = 0;
}

static int add_file(struct response *rs, int fd, off_t offset, uint64_t len)
{
	if (offset < 0 || len > (uint64_t)(INT64_MAX - offset))
		return -EINVAL;
	if (len > INT64_MAX - rs->body.len - rs->written_len)
		return -EINVAL;
	if (len == 0)
		return 0;
	if (!end_written(rs))
		return -ENOMEM;

	struct piece *p = new_piece(rs);
	if (!p)
		return -ENOMEM;
	pieces_add_file(&rs->body, p, fd, offset, len);
	return 0;
}

int response_file(struct response *rs, int fd, off_t offset, uint64_t len)
{
	if (fd < 0)
		return -EBADF;

	int error = add_file(rs, fd, offset, len);
	if (error || len == 0)
		close(fd);
	return error;
}

void response_body_ref(struct response *rs, const void *bytes, size_t len)
{
	forget_body(rs);
	pieces_add_memory(&rs->body, &rs->only, slice_of(bytes, len));
}

void response_error(struct response *rs, unsigned status, struct ltd_slice text)
{
	char code[DIGITS_MAX];
	struct ltd_slice reason;

	if (status < 200 || status > STATUS_LAST)
		status = 500;
	rs->status = status;
	rs->type = text_plain;
	rs->fields_len = 0;
	forget_body(rs);

	reason = status_reason(status);
	response_write(rs, code, (size_t)(put_number(code, status) - code));
	response_write(rs, " ", 1);
	response_write(rs, reason.at, reason.len);
	if (text.len) {
		response_write(rs, ": ", 2);
		response_write(rs, text.at, text.len);
	}
	response_write(rs, "\n", 1);
}

/* --- sealing -------------------------------------------------------------------------- */

static struct ltd_slice connection_field(const struct response_frame *frame)
{
	if (!frame->keep_alive)
		return connection_close;
	return frame->version < 11 ? connection_keep : slice_of("", 0);
}

static void seal_short(struct response *rs, const struct response_frame *frame)
{
	if (!frame->keep_alive)
		rs->head = LTD_SLICE(SHORT_HEAD("Connection: close\r\n"));
	else if (frame->version < 11)
		rs->head = LTD_SLICE(SHORT_HEAD("Connection: keep-alive\r\n"));
	else
		rs->head = LTD_SLICE(SHORT_HEAD(""));
	rs->status = 503;
	response_body_ref(rs, SHORT_BODY, sizeof SHORT_BODY - 1);
}

static char *put_prefix(char *to, unsigned status)
{
	struct ltd_slice prefix = status_prefix(status);

	if (prefix.at)
		return put(to, prefix);
	to = put_number(PUT(to, "HTTP/1.1 "), status);
	to = put(PUT(to, " "), status_reason(status));
	return PUT(to, "\r\nServer: littled\r\nDate: ");
}

/* 204 and 304 have no content, and no length of any (RFC 9110 8.6); 205 has none (15.3.6). */
static bool has_content(unsigned status)
{
	return status != 204 && status != 304;
}

#define PREFIX_MAX 128 /* longer than any reason phrase makes it */
#define FIXED_MAX (PREFIX_MAX + RESPONSE_DATE_BYTES + DIGITS_MAX + 64)

static bool put_head(struct response *rs, const struct response_frame *frame)
{
	struct ltd_slice connection = connection_field(frame);
	size_t max = FIXED_MAX + rs->type.len + rs->fields_len + connection.len;
	char *head = arena_alloc(rs->arena, max), *to = head;

	if (!head)
		return false;
	to = put_prefix(to, rs->status);
	to = PUT(put_literal(to, frame->date, RESPONSE_DATE_BYTES), "\r\n");
	if (rs->type.at && rs->status != 204)
		to = PUT(put(PUT(to, "Content-Type: "), rs->type), "\r\n");
	if (rs->fields_len)
		to = put_literal(to, rs->fields, rs->fields_len);
	if (has_content(rs->status))
		to = PUT(put_number(PUT(to, "Content-Length: "), rs->body.len), "\r\n");
	to = PUT(put(to, connection), "\r\n");
	rs->head = slice_of(head, (size_t)(to - head));
	return true;
}

void response_seal(struct response *rs, const struct response_frame *frame)
{
	if (rs->status < 200 || rs->status > STATUS_LAST)
		response_error(rs, 500, LTD_SLICE("the handler gave no sound status"));
	if (!has_content(rs->status) || rs->status == 205)
		forget_body(rs);
	if (!end_written(rs) || rs->arena->is_short || !put_head(rs, frame))
		seal_short(rs, frame);

	struct pieces out;
	pieces_init(&out);
	pieces_add_memory(&out, &rs->head_piece, rs->head);
	rs->head_piece.next = frame->is_head ? NULL : rs->body.first;
	rs->out = out.first;
}

/* --- dates ------------------------------------------------------------------------------ */

static char *put_two(char *to, int n)
{
	*to++ = (char)('0' + n / 10 % 10);
	*to++ = (char)('0' + n % 10);
	return to;
}

/* IMF-fixdate, in English whatever the locale (RFC 9110 5.6.7). */
void response_date(char out[RESPONSE_DATE_BYTES + 1], uint64_t real_ns)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t seconds = (time_t)(real_ns / NS_PER_S);
	struct tm t;

	gmtime_r(&seconds, &t);
	char *to = put_literal(out, days + 3 * t.tm_wday, 3);
	to = put_two(PUT(to, ", "), t.tm_mday);
	to = put_literal(PUT(to, " "), months + 3 * t.tm_mon, 3);
	to = put_two(PUT(to, " "), (t.tm_year + 1900) / 100);
	to = put_two(to, t.tm_year % 100);
	to = put_two(PUT(to, " "), t.tm_hour);
	to = put_two(PUT(to, ":"), t.tm_min);
	to = put_two(PUT(to, ":"), t.tm_sec);
	to = PUT(to, " GMT");
	*to = '\0';
}
