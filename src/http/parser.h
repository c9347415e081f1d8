/*
 * Bytes to a request: llhttp, and around it the checks it does not make (RFC 9112).
 *
 * One verdict for a message, however the bytes come split.  After PARSE_REFUSED the
 * connection must be closed: no byte behind a refused message is ever looked at.
 */
#ifndef HTTP_PARSER_H
#define HTTP_PARSER_H

#include <llhttp.h>

#include "http/guard.h"
#include "http/limits.h"
#include "http/request.h"

enum parse_verdict {
	PARSE_MORE,    /* give more bytes */
	PARSE_DONE,    /* the message is whole; parser->seen is its length */
	PARSE_REFUSED, /* request->refusal and ->why say with what */
};

/* Where in the message the parser stands; parser.c draws the way through them. */
enum parser_state {
	PARSER_LINE,
	PARSER_FIELDS,
	PARSER_BODY,
	PARSER_CHUNK_SIZE,
	PARSER_CHUNK,
	PARSER_CHUNK_END,
	PARSER_TRAILERS,
	PARSER_DONE,
	PARSER_STATES
};

struct parser {
	llhttp_t llhttp;
	struct request *request;
	const struct limits *limits;
	size_t seen; /* bytes of the message consumed so far, from its beginning */

	struct guard guard;
	size_t fed;        /* lines before this have been given to llhttp */
	uint64_t left;     /* bytes to come of this chunk's data */
	size_t ext_left;   /* bytes of chunk extensions still allowed */
	size_t trailer_at; /* where the trailers begin */
	enum parser_state state;
	unsigned empty_lines; /* before the request line */
	bool is_whole;        /* llhttp says so too */
	bool has_value; /* the field's value is known: what llhttp says now is an empty rest */
};

/* For the next message. */
void parser_init(struct parser *p, struct request *rq, const struct limits *limits);

/*
 * `base` is the message's first byte, `len` how many bytes are there in all; those before
 * p->seen have been fed before (perhaps at another address).
 */
enum parse_verdict parser_feed(struct parser *p, const char *base, size_t len);

/*
 * How many bytes behind rq->body_at need not be kept: of a chunked body being read, those that
 * are decoded.  Of a body of known length the caller may drop what it has appended to
 * rq->stored, also when the message is whole.
 *
 * With parser_drop() it has closed that gap in its input.
 */
size_t parser_droppable(const struct parser *p);
void parser_drop(struct parser *p, size_t bytes);

/* No more of it will be read: a refusal has no body if the line begun was HEAD's (RFC 9110 9.3.2). */
void parser_give_up(struct parser *p, const char *base, size_t len);

/* Has any byte of the message been seen that is not a leading empty line (RFC 9112 2.2)? */
bool parser_has_begun(const struct parser *p);

#endif
