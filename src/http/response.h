/*
 * A response while a handler builds it, and its head as bytes.
 *
 * All memory is the exchange's arena.  Whatever goes wrong for want of memory sticks in
 * the arena and becomes a 503 at response_seal(), the one gate all responses pass.
 */
#ifndef HTTP_RESPONSE_H
#define HTTP_RESPONSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "http/pieces.h"

struct stream;

#define RESPONSE_DATE_BYTES 29 /* Sun, 06 Nov 1994 08:49:37 GMT (RFC 9110 5.6.7) */

struct response {
	struct arena *arena;
	unsigned status;
	struct ltd_slice type; /* Content-Type, at NULL: none */
	char *fields;          /* the app's fields as they go out, each with its CRLF */
	size_t fields_len, fields_room;
	struct pieces body; /* what is behind `written`, its first piece most often `only` */
	char *written;      /* the piece being written: the body's last */
	size_t written_len, written_room;
	struct ltd_slice head;   /* status line and fields, after sealing */
	struct piece *out;       /* what is left to send, after sealing: head and body */
	struct stream *stream;   /* NULL: sent when the handler has returned */
	struct piece head_piece, /* these two spare the common response an allocation */
		only;
};

/* What the head needs to know of the request and the connection. */
struct response_frame {
	unsigned version;            /* of the request: 10 or 11 */
	bool is_head;                /* answer to HEAD: length as for GET, no body */
	bool keep_alive;             /* the connection stays open afterwards */
	const char *date;            /* RESPONSE_DATE_BYTES characters */
	const struct stamps *timing; /* NULL: no Server-Timing */
};

void response_init(struct response *rs, struct arena *arena);

/* Closes what files it has. */
void response_fini(struct response *rs);

/* Of no effect, or -EALREADY, once the head of a stream has gone. */
void response_status(struct response *rs, unsigned status);
int response_field(struct response *rs, struct ltd_slice name, struct ltd_slice value);
void response_type(struct response *rs, struct ltd_slice type);
int response_write(struct response *rs, const void *bytes, size_t len);

/*
 * Takes over `fd`, also when it fails; one it has already stays its own.  -EBADF, -EINVAL, -ENOMEM.
 */
int response_file(struct response *rs, int fd, off_t offset, uint64_t len);

/* Can a file have such a piece, and the body hold it? */
bool response_is_file_range(const struct response *rs, off_t offset, uint64_t len);

/* Makes these bytes the whole body, by reference. */
void response_body_ref(struct response *rs, const void *bytes, size_t len);

/* Forgets all and becomes a line of plain text; a stream that has begun breaks. */
void response_error(struct response *rs, unsigned status, struct ltd_slice text);

/*
 * Fixes the response: rs->out is then what goes out (the head alone for HEAD, 204, 304).
 * Always succeeds: short of memory it becomes a fixed 503.
 */
void response_seal(struct response *rs, const struct response_frame *frame);

/* False for the statuses whose responses never have a body. */
bool response_has_content(const struct response *rs);

/* What was written becomes a piece of the body; false when memory is short. */
bool response_end_written(struct response *rs);

/* Room for so many bytes of fields more; false when memory is short. */
bool response_grow_fields(struct response *rs, size_t more);

/* rs->out becomes the head and what is behind it. */
void response_lead_with_head(struct response *rs, struct piece *behind);

/* The 29 characters of an HTTP date. */
void response_date(char out[RESPONSE_DATE_BYTES + 1], uint64_t real_ns);

#endif
