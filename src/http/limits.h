/*
 * How much of a request is taken before it is refused, and whose word.  Filled from the options;
 * limits.def says what with.
 */
#ifndef HTTP_LIMITS_H
#define HTTP_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"

/* Fields with '_' in their names: many a gateway makes the same variable of them as of '-'. */
enum underscores { UNDERSCORES_DROPPED, UNDERSCORES_REFUSED, UNDERSCORES_TAKEN };

/* Which fields a proxy says in who its client is; the others are not looked at. */
enum forwarded_by { FORWARDED_BY_EITHER, FORWARDED_BY_X, FORWARDED_BY_STANDARD };

struct limits {
	size_t line_bytes;      /* the request line without its CRLF */
	size_t fields;          /* header fields */
	size_t field_bytes;     /* one field, name and value */
	size_t head_bytes;      /* request line and fields together */
	uint64_t body_bytes;    /* the body, without its chunks' framing */
	size_t chunk_ext_bytes; /* chunk extensions of one message together */
	size_t trailer_bytes;   /* the trailer section */
	unsigned empty_lines;   /* before the request line (RFC 9112 2.2) */
	size_t arena_bytes;     /* heap memory a response may take beyond its first block */
	enum underscores underscores;
	enum forwarded_by forwarded_by;
	struct networks proxies; /* who is believed: see forwarded.h */
};

enum limit {
	LIMIT_NONE,
#define LIMIT(NAME, ...) LIMIT_##NAME,
#include "http/limits.def"
#undef LIMIT
	LIMIT_COUNT
};

/* A row of limits.def; that of LIMIT_NONE is empty. */
struct limit_row {
	const char *name, *option, *text;
	unsigned status;
};

extern const struct limit_row limit_rows[LIMIT_COUNT];

#endif
