/*
 * A response that goes out while its handler still writes it.
 *
 *	          the first flush                the handler returns 0
 *	  held -------------------------> begun ----------------------> ended, with its last chunk
 *	   |                                |
 *	   | the handler returns            | it fails, the client goes, memory is short
 *	   v                                v
 *	an ordinary response            broken: no last chunk, the connection ends
 *
 * What is written gathers in a buffer; stream_load() makes rs->out of it, framed, for whoever
 * sends; stream_unload() makes room for more.  Nothing is allocated from flush to flush.
 */
#ifndef HTTP_STREAM_H
#define HTTP_STREAM_H

#include "http/head.h"

/* What is written waits for so much more of it, if it is not flushed. */
#define STREAM_BUFFER_BYTES 16384

#define STREAM_SIZE_LINE_BYTES 18 /* 16 hexadecimal digits and CRLF */

struct gzip;

struct stream {
	struct piece size, written, direct, end; /* a chunk's size line, its parts, what ends it */
	struct gzip *gzip;                       /* NULL: it goes out as it is */
	struct piece *unpacked;                  /* what it has not had yet */
	char *packed;                            /* what it made ... */
	size_t packed_room;
	struct piece made; /* ... and that as a piece */
	bool is_packing;   /* in the middle of a flush */
	char size_line[STREAM_SIZE_LINE_BYTES];
	enum framing framing;
	bool is_begun;  /* its head is out, or on its way */
	bool is_silent; /* the head is all: answers to HEAD, 204, 304 */
	int error;      /* negative: nothing more can be sent */
};

/* From now on it may be flushed.  0 or -ENOMEM. */
int stream_start(struct response *rs);

/* Its head is fixed: framing and rs->head.  -EINVAL: no sound status; -ENOMEM. */
int stream_begin(struct response *rs, const struct response_frame *frame);

/*
 * What goes out behind the buffer without being copied into it; to be loaded next.  A file is
 * refused with -EINVAL where none has such a piece.
 */
void stream_add_bytes(struct response *rs, struct ltd_slice bytes);
int stream_add_file(struct response *rs, int fd, off_t offset, uint64_t len);

/*
 * Makes rs->out of what there is, after the head if that has not been sent; NULL: nothing.  True
 * if that was not all: once it is sent, load again.  Then unload.
 */
bool stream_load(struct response *rs);
void stream_unload(struct response *rs);

/* Before it begins: its content will go through gzip, and is marked so already. */
void stream_pack(struct response *rs, struct gzip *g);

/* The handler is done: rs->out is the rest, with the end of the message; nothing, if it broke. */
void stream_end(struct response *rs);

/*
 * 0, or why nothing more may be sent.  Breaks the stream for want of memory: what could not be
 * written would be missing in the middle.
 */
int stream_check(struct response *rs);

/* The first error stands. */
void stream_break(struct response *rs, int error);

static inline bool stream_has_begun(const struct response *rs)
{
	return rs->stream && rs->stream->is_begun;
}

/* Nothing more of it can be sent; its handler has been told. */
static inline bool stream_is_broken(const struct response *rs)
{
	return rs->stream && rs->stream->error;
}

/* Begun, and never to be complete. */
static inline bool stream_is_cut(const struct response *rs)
{
	return stream_has_begun(rs) && rs->stream->error;
}

#endif
