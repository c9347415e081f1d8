/*
 * Lines of the access log: gunicorn's atoms and a few of our own, in a format that is
 * compiled once.  Formats only; whoever calls writes.
 *
 *	%(h)s client     %(t)s [time]      %(r)s request line   %(s)s status   %(b)s body bytes or -
 *	%(T)s seconds    %(M)s ms          %(D)s us             %(L)s seconds, with six decimals
 *	%(Q)s wait us    %(S)s service us  %(C)s cpu us or -    %(c)s concurrency at its start
 *	%(R)s read us    %(W)s write us   %(X)s proxy us or -
 *	%(w)s worker     %(k)s slot or -   %({Name}i)s request field   %({Name}o)s response field
 *
 * access_atoms.c has the whole table.
 */
#ifndef HTTP_ACCESS_H
#define HTTP_ACCESS_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "http/exchange.h"

#define ACCESS_FORMAT_DEFAULT "%(h)s %(l)s %(u)s %(t)s \"%(r)s\" %(s)s %(b)s \"%(f)s\" \"%(a)s\""

struct access_piece;

/* A compiled format. */
struct access {
	char *format; /* our copy: the pieces point into it */
	struct access_piece *pieces;
	size_t count;
};

/*
 * 0, or a negative errno value with a sentence in `why` that says what is wrong with the
 * format; then there is nothing to close.
 */
int access_open(struct access *a, const char *format, char *why, size_t why_bytes);
void access_close(struct access *a);

/*
 * One line for an exchange that is over (sealed, all stamps set), ended by '\n', into
 * out[0..room); room > 0.  A line too long is cut, its '\n' kept.  `real_ns` is the time the line
 * shows.  Returns the line's length.
 */
size_t access_format(const struct access *a, const struct exchange *x, unsigned status,
		     uint64_t real_ns, char *out, size_t room);

#endif
