/*
 * A response while a handler builds it.  What becomes of one that goes out while it is still
 * being written is in stream.c.
 *
 * Runs in: leader, slot.
 */
#include "http/response.h"

#include <errno.h>
#include <unistd.h>

#include "http/chars.h"
#include "http/head.h"
#include "http/put.h"
#include "http/response_fields.h"
#include "http/status.h"
#include "http/stream.h"

#define FIELDS_ROOM 256
#define BODY_ROOM 512

/* What goes out when there was no memory for anything better (no Date: RFC 9110 6.6.1). */
#define SHORT_BODY "503 Service Unavailable: no memory for the response\n"
#define SHORT_HEAD(connection) \
	RESPONSE_BEGINS \
	"503 Service Unavailable\r\nServer: littled\r\nContent-Type: text/plain\r\n" \
	"Content-Length: 52\r\n" connection "\r\n"
_Static_assert(sizeof(SHORT_BODY) - 1 == 52, "Content-Length of SHORT_HEAD");

static const struct ltd_slice text_plain = { "text/plain", 10 };

void response_init(struct response *rs, struct arena *arena)
{
	const struct ltd_slice none = { NULL, 0 };

	rs->arena = arena;
	rs->status = 200;
	rs->type = rs->head = none;
	pieces_init(&rs->body);
	rs->out = NULL;
	rs->stream = NULL;
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
	if (!stream_has_begun(rs))
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

bool response_grow_fields(struct response *rs, size_t more)
{
	return make_room(rs->arena, &rs->fields, rs->fields_len, &rs->fields_room, FIELDS_ROOM,
			 more);
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
	if (stream_has_begun(rs))
		return -EALREADY;
	if (!chars_are_token(name) || chars_clean(value) != value.len || is_reserved(name))
		return -EINVAL;
	if (slice_eq_nocase(name, LTD_SLICE("content-type")))
		return copy_type(rs, value);
	return response_add_field(rs, name, value) ? 0 : -ENOMEM;
}

/* A type that would break the head is not sent at all. */
void response_type(struct response *rs, struct ltd_slice type)
{
	if (!stream_has_begun(rs))
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

bool response_end_written(struct response *rs)
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

bool response_is_file_range(const struct response *rs, off_t offset, uint64_t len)
{
	return offset >= 0 && len <= (uint64_t)(INT64_MAX - offset) &&
	       len <= INT64_MAX - rs->body.len - rs->written_len;
}

static int add_file(struct response *rs, int fd, off_t offset, uint64_t len)
{
	if (!response_is_file_range(rs, offset, len))
		return -EINVAL;
	if (len == 0)
		return 0;
	if (!response_end_written(rs))
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
	if ((error || len == 0) && !pieces_have_file(&rs->body, fd))
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
	char code[PUT_DIGITS_MAX];
	struct ltd_slice reason;

	if (stream_has_begun(rs)) {
		stream_break(rs, -EIO);
		return;
	}
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

bool response_has_content(const struct response *rs)
{
	return head_allows_content(rs->status) && rs->status != 205;
}

void response_lead_with_head(struct response *rs, struct piece *behind)
{
	struct pieces out;

	pieces_init(&out);
	pieces_add_memory(&out, &rs->head_piece, rs->head);
	rs->head_piece.next = behind;
	rs->out = out.first;
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

/* 204 and 304 have no length of any (RFC 9110 8.6); 205 has one of 0 (15.3.6). */
static enum framing framing_of(const struct response *rs)
{
	return head_allows_content(rs->status) ? FRAMING_LENGTH : FRAMING_NONE;
}

void response_seal(struct response *rs, const struct response_frame *frame)
{
	if (stream_has_begun(rs)) {
		stream_end(rs);
		return;
	}
	if (rs->status < 200 || rs->status > STATUS_LAST)
		response_error(rs, 500, LTD_SLICE("the handler gave no sound status"));
	if (!response_has_content(rs))
		forget_body(rs);
	if (!response_end_written(rs) || rs->arena->is_short || !head_put(rs, frame, framing_of(rs)))
		seal_short(rs, frame);
	response_lead_with_head(rs, frame->is_head ? NULL : rs->body.first);
}
