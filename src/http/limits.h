/* How much of a request is taken before it is refused.  Filled from the options. */
#ifndef HTTP_LIMITS_H
#define HTTP_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/* Fields with '_' in their names: many a gateway makes the same variable of them as of '-'. */
enum underscores { UNDERSCORES_DROPPED, UNDERSCORES_REFUSED, UNDERSCORES_TAKEN };

struct limits {
	size_t line_bytes;      /* the request line without its CRLF; beyond: 414 */
	size_t fields;          /* header fields; beyond: 431 */
	size_t field_bytes;     /* one field, name and value; beyond: 431 */
	uint64_t body_bytes;    /* the body; beyond: 413 */
	size_t chunk_ext_bytes; /* chunk extensions of one message together; beyond: 400 */
	size_t trailer_bytes;   /* the trailer section; beyond: 431 */
	size_t arena_bytes;     /* heap memory a response may take beyond its first block */
	enum underscores underscores;
};

#endif
