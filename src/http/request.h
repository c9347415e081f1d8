/*
 * A request as the parser found it: offsets into the bytes as received.
 *
 * `base` is where the message begins in the connection's input.  The input may move while
 * the message is incomplete; the conn sets `base` anew before each parser_feed() and
 * leaves it alone once the request is ready.  No NUL-terminated strings anywhere.
 */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/spill.h"
#include "http/client.h"
#include "http/limits.h"

/* A piece of the message: base + at, len bytes. */
struct span {
	uint32_t at, len;
};

struct field {
	struct span name, value; /* value without the white space around it */
};

/* What the head has said so far, while it is read. */
enum request_seen {
	SEEN_HOST = 1,
	SEEN_TYPE = 2,
	SEEN_CODING = 4, /* Transfer-Encoding */
	SEEN_CLOSE = 8,  /* Connection: close */
	SEEN_KEEP_ALIVE = 16,
	SEEN_OTHER_CODING = 32,   /* a transfer coding before chunked, or without it */
	SEEN_BEHIND_CHUNKED = 64, /* one behind it */
};

struct request {
	const char *base;
	struct arena *arena; /* the exchange's: holds the field table */

	struct span method, target, path, query; /* query.at == 0: none */
	struct ltd_slice plain_path; /* without needless escapes; `at` NULL: it has none at all */
	struct span host;            /* of an absolute-form target, else of the Host field */
	uint8_t method_code;         /* enum llhttp_method */
	uint8_t version;             /* 10 or 11 */
	bool is_head;                /* HEAD: the response carries no body */
	bool keep_alive;             /* what the request allows (RFC 9112 9.3) */
	bool expects_continue;       /* Expect: 100-continue (RFC 9110 10.1.1) */
	bool is_chunked, has_length;
	bool head_done;
	bool host_of_target; /* host is the target's: the Host field does not count */
	bool asks_of_server; /* OPTIONS of the server as a whole (RFC 9110 9.3.7) */
	uint8_t seen;        /* enum request_seen, or-ed */

	struct field *fields; /* in the order received; trailers are not among them */
	uint32_t field_count, field_room;
	uint32_t dropped_count; /* fields left out for their names; they count against the limit */
	bool is_dropping;       /* the field being read is one of them */

	uint64_t content_length;
	uint32_t body_at;    /* where a body of known length begins */
	struct buf chunked;  /* a chunked body, decoded */
	struct spill stored; /* a large body, or its beginning while it is read: not in memory */
	uint64_t body_read;  /* of the body, by the handler */

	struct client *client;  /* who asks; NULL: not known */
	struct span start_said; /* X-Request-Start or the like; len 0: not said */
	bool peer_is_proxy;     /* whose word counts */
	struct ltd_slice scheme; /* "http", or a trusted proxy's word; lives as long as the exchange */

	uint16_t refusal; /* the status to refuse it with, 0 if sound */
	const char *why;  /* one short sentence for the client and the log */
	uint8_t exceeded; /* enum limit: the one it was refused for, if for one */
};

void request_init(struct request *rq, struct arena *arena, size_t body_max);
void request_fini(struct request *rq);

/*
 * Refuses it, unless it has been refused before: the first reason stands.  Returns false.
 * `why` must live for ever.
 */
bool request_refuse(struct request *rq, unsigned status, const char *why);

/* The same for what exceeds a limit: its row says what with. */
bool request_exceed(struct request *rq, enum limit limit);

static inline struct ltd_slice request_slice(const struct request *rq, struct span s)
{
	return slice_of(rq->base + s.at, s.len);
}

/* What routes and apps go by: "/%61" is "/a" (RFC 3986 6.2.2.2). */
static inline struct ltd_slice request_path(const struct request *rq)
{
	return rq->plain_path.at ? rq->plain_path : request_slice(rq, rq->path);
}

/*
 * A body that is stored is mapped into memory first: 0, or a negative errno value and
 * request_body() gives nothing of it.
 */
int request_map_body(struct request *rq);
struct ltd_slice request_body(const struct request *rq);

/* Of the body that has arrived, chunked coding removed. */
uint64_t request_body_length(const struct request *rq);

/* The next bytes of the body: how many, 0 at its end, or a negative errno value. */
ssize_t request_read(struct request *rq, void *to, size_t max);

/* The first field of that name (any case), or NULL. */
const struct field *request_find(const struct request *rq, struct ltd_slice name);

#endif
