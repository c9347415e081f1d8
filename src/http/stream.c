/* Responses that go out while they are written.  Runs in: slot. */
#include "http/stream.h"

#include <errno.h>

#include "http/gzip.h"
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
static struct piece *put_size(struct stream *s, const struct pieces *content)
{
	char *end = PUT(put_hex(s->size_line, content->len), "\r\n");
	struct pieces line;

	pieces_init(&line);
	pieces_add_memory(&line, &s->size, slice_of(s->size_line, (size_t)(end - s->size_line)));
	s->size.next = content->first;
	return &s->size;
}

/* The content as a chunk, and the last chunk behind it; NULL: there is nothing of either. */
static struct piece *put_chunk(struct stream *s, struct pieces *content, bool is_last)
{
	struct piece *first = content->len ? put_size(s, content) : NULL;

	if (content->len && is_last)
		pieces_add_memory(content, &s->end, LTD_SLICE("\r\n0\r\n\r\n"));
	else if (content->len)
		pieces_add_memory(content, &s->end, LTD_SLICE("\r\n"));
	else if (is_last)
		pieces_add_memory(content, &s->end, LTD_SLICE("0\r\n\r\n"));
	return first ? first : content->first;
}

/* What gzip makes of the body, up to a buffer full.  True: there is more. */
static bool pack_some(struct response *rs, struct pieces *content, bool is_last)
{
	struct stream *s = rs->stream;
	bool is_over = true;

	if (!s->is_packing)
		s->unpacked = rs->body.first;
	pieces_init(content);
	if (!s->unpacked && !s->is_packing && !is_last)
		return false; /* nothing new: no empty block either */
	long n = gzip_some(s->gzip, &s->unpacked, s->packed, s->packed_room, is_last, &is_over);
	if (n < 0)
		stream_break(rs, (int)n);
	else if (n > 0)
		pieces_add_memory(content, &s->made, slice_of(s->packed, (size_t)n));
	s->is_packing = n >= 0 && !is_over;
	return s->is_packing;
}

static bool load(struct response *rs, bool is_last)
{
	struct stream *s = rs->stream;
	struct piece *head = rs->out, *first;
	struct pieces packed, *content = &rs->body;
	bool has_more = false;

	add_written(rs);
	if (s->is_silent)
		return false;
	if (s->gzip) {
		content = &packed;
		has_more = pack_some(rs, content, is_last);
	}
	first = s->framing == FRAMING_CHUNKED ? put_chunk(s, content, is_last) : content->first;
	if (head)
		head->next = first;
	else
		rs->out = first;
	return has_more;
}

bool stream_load(struct response *rs)
{
	return load(rs, false);
}

void stream_unload(struct response *rs)
{
	rs->out = NULL;
	rs->written_len = 0;
	rs->stream->is_packing = false;
	pieces_drop(&rs->body);
}

void stream_pack(struct response *rs, struct gzip *g)
{
	struct stream *s = rs->stream;

	s->gzip = g;
	s->packed_room = gzip_stream_room(g);
	s->packed = arena_alloc(rs->arena, s->packed_room);
}

/* What is left is a buffer full at most, and fits into the other even if it cannot be packed. */
void stream_end(struct response *rs)
{
	rs->out = NULL;
	if (!stream_check(rs) && load(rs, true))
		stream_break(rs, -ENOBUFS);
	if (rs->stream->error)
		rs->out = NULL;
}

int stream_check(struct response *rs)
{
	if (rs->arena->is_short)
		stream_break(rs, -ENOMEM);
	return rs->stream->error;
}

void stream_break(struct response *rs, int error)
{
	if (!rs->stream->error)
		rs->stream->error = error;
}
