/*
 * The line for a slow request: it says whose time it was.
 *
 *	slow request, it waited: "GET /report HTTP/1.1" 200 took 1200345 us: wait 1100211, read 12,
 *	service 100100 (cpu 3120), write 22 us; 41 in flight at its start, worker 1, slot 3, client 192.0.2.7
 */
#ifndef HTTP_SLOW_H
#define HTTP_SLOW_H

#include "http/access.h"

/* The phase that took the most of it. */
enum slow_cause { SLOW_WAIT, SLOW_READ, SLOW_SERVICE, SLOW_WRITE, SLOW_CAUSE_COUNT };

struct slow {
	uint64_t limit_ns;
	struct access format;
};

/* 0 or -ENOMEM. */
int slow_open(struct slow *s, uint64_t limit_ns);
void slow_close(struct slow *s);

/* Did this exchange, which is over, take longer than the limit? */
bool slow_is(const struct slow *s, const struct exchange *x);

enum slow_cause slow_cause(const struct stamps *s);

/* The line without its '\n', ended by a NUL, into out[0..room). */
void slow_line(const struct slow *s, const struct exchange *x, unsigned status, char *out,
	       size_t room);

#endif
