/*
 * The guard: what stands between the bytes and llhttp.
 *
 * It cuts the framing (request line, fields, chunk sizes, trailers) into lines and lets none
 * through that is not ended by CRLF or holds a control byte (RFC 9112 2.2).  Since llhttp is
 * given whole lines only, no verdict can depend on how the bytes came split.
 *
 *	base ... | line ............ | ...
 *	         ^ line_at   ^ checked
 */
#ifndef HTTP_GUARD_H
#define HTTP_GUARD_H

#include <stdbool.h>

#include "base/slice.h"

struct guard {
	size_t line_at; /* where the line being read begins */
	size_t checked; /* the bytes of the line before this are sound */
};

enum guard_verdict {
	GUARD_MORE,    /* the line is not whole yet */
	GUARD_LINE,    /* *line is one, without its CRLF; line_at is behind it */
	GUARD_DIRTY,   /* a bare CR or LF, or a control byte */
	GUARD_TOO_LONG /* more than `max` bytes */
};

/* Cuts the next line off base[line_at..len). */
enum guard_verdict guard_line(struct guard *g, const char *base, size_t len, size_t max,
			      struct ltd_slice *line);

/* Moves on over bytes that are no lines: chunk data. */
static inline void guard_skip(struct guard *g, size_t bytes)
{
	g->line_at += bytes;
	g->checked = g->line_at;
}

/* Digits of a chunk size: enough for any 64-bit number. */
#define GUARD_SIZE_DIGITS 16

/*
 * Checks a chunk-size line with its extensions (RFC 9112 7.1.1).  *digits is the length of the
 * size in front; what is more than GUARD_SIZE_DIGITS are zeros, which are legal (RFC 9112 7.1)
 * and bounded as extensions are.
 */
bool guard_chunk_size(struct ltd_slice line, size_t *digits);

#endif
