/*
 * X-Request-Start and X-Queue-Start: when a proxy received the request.
 *
 * There is no standard; the unit goes by the number's size, which tells apart any instants between
 * 2001 and 33658:
 *
 *	t=1751970000.123     seconds (nginx, "t=${msec}")
 *	1751970000123        milliseconds (Heroku)
 *	t=1751970000123456   microseconds (Apache, "%t"; HAProxy, date(0,us))
 *	1751970000123456789  nanoseconds
 */
#ifndef HTTP_REQUEST_START_H
#define HTTP_REQUEST_START_H

#include "base/slice.h"

/* No request waits so long behind a proxy: a clock is wrong, or the value nonsense. */
#define REQUEST_START_MAX_S 600

/* Nanoseconds since the epoch.  Of a list, the last: our peer's own word. */
bool request_start_parse(struct ltd_slice value, uint64_t *real_ns);

/* How long it took until the request arrived; false if it never was so. */
bool request_start_wait(struct ltd_slice value, uint64_t arrived_real_ns, uint64_t *wait_ns);

#endif
