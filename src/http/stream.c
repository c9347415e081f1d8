/* Responses that go out while they are written.  Runs in: slot. */
#include "http/stream.h"

#include <errno.h>

#include "http/put.h"
#include "http/status.h"

int stream_start(struct response *rs)
{
	if (rs->stream)
		return 0;
	rs->stream = arena_alloc(rs->arena, sizeof *rs->stream);
	if (!rs->stream)
		return -ENOMEM;
	*rs->stream = (struct stream){ .framing = FRAMING_NONE };
	return 0;
}

/* RFC 9112 6.1: chunked is for clients that know it; 7: others see the end of the connection. */
static enum framing framing_of(const struct response *rs, const struct response_frame *frame)
{
	if (!head_allows_content(rs->status))
		return FRAMING_NONE;
	if (!response_has_content(rs))
		return FRAMING_LENGTH; /* 205: of 0 */
	return frame->version < 11 ? FRAMING_CLOSE : FRAMING_CHUNKED;
}

int stream_begin(struct response *rs, const struct response_frame *frame)
{
	struct stream *s = rs->stream;

	if (rs->status < 200 || rs->status > STATUS_LAST)
		return -EINVAL;
	if (!response_has_content(rs)) {
		pieces_drop(&rs->body);
		rs->written_len = 0;
	}
	s->framing = framing_of(rs, frame);
	s->is_silent = frame->is_head || !response_has_content(rs);
	if (rs->arena->is_short || !head_put(rs, frame, s->framing))
		return -ENOMEM;
	s->is_begun = true;
	response_lead_with_head(rs, NULL);
	return 0;
}

/* Before something comes that is not copied into the buffer. */
static void add_written(struct response *rs)
{
	if (rs->written_len == 0)
		return;
	pieces_add_memory(&rs->body, &rs->stream->written, slice_of(rs->written, rs->written_len));
	rs->written_len = 0;
}

void stream_add_bytes(struct response *rs, struct ltd_slice bytes)
{
	add_written(rs);
	pieces_add_memory(&rs->body, &rs->stream->direct, bytes);
}

int stream_add_file(struct response *rs, int fd, off_t offset, uint64_t len)
{
	if (!response_is_file_range(rs, offset, len))
		return -EINVAL;
	add_written(rs);
	pieces_add_file(&rs->body, &rs->stream->direct, fd, offset, len);
	return 0;
}

/* RFC 9112 7.1: the size in hexadecimal digits, a line of its own, before what it counts. */
static struct piece *put_size(struct response *rs)
{
	struct stream *s = rs->stream;
	char *end = PUT(put_hex(s->size_line, rs->body.len), "\r\n");
	struct pieces line;

	pieces_init(&line);
	pieces_add_memory(&line, &s->size, slice_of(s->size_line, (size_t)(end - s->size_line)));
	s->size.next = rs->body.first;
	return &s->size;
}

static struct piece *put_chunk(struct response *rs, bool is_last)
{
	struct stream *s = rs->stream;
	struct piece *first = NULL;

	if (rs->body.len)
		first = put_size(rs);
	if (rs->body.len && is_last)
		pieces_add_memory(&rs->body, &s->end, LTD_SLICE("\r\n0\r\n\r\n"));
	else if (rs->body.len)
		pieces_add_memory(&rs->body, &s->end, LTD_SLICE("\r\n"));
	else if (is_last)
		pieces_add_memory(&rs->body, &s->end, LTD_SLICE("0\r\n\r\n"));
	return first ? first : rs->body.first;
}

static void load(struct response *rs, bool is_last)
{
	struct stream *s = rs->stream;
	struct piece *head = rs->out, *content;

	add_written(rs);
	if (s->is_silent)
		return;
	content = s->framing == FRAMING_CHUNKED ? put_chunk(rs, is_last) : rs->body.first;
	if (head)
		head->next = content;
	else
		rs->out = content;
}

void stream_load(struct response *rs)
{
	load(rs, false);
}

void stream_unload(struct response *rs)
{
	rs->out = NULL;
	rs->written_len = 0;
	pieces_drop(&rs->body);
}

void stream_end(struct response *rs)
{
	if (rs->arena->is_short)
		stream_break(rs, -ENOMEM);
	rs->out = NULL;
	if (!rs->stream->error)
		load(rs, true);
}

void stream_break(struct response *rs, int error)
{
	if (!rs->stream->error)
		rs->stream->error = error;
}
