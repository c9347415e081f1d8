/*
 * What trusted proxies say of a request: who asked, by which scheme, and when.
 *
 * Two families of fields: X-Forwarded-For with X-Forwarded-Proto, -Protocol and -Ssl, which are
 * custom, and Forwarded (RFC 7239).  The client is found from the right: past the addresses
 * that are trusted themselves, up to the first that is not; all of them trusted, it is the
 * leftmost.  What stands left of it anyone may have written.
 *
 * Refused with 400: fields that contradict each other, since then one of them came through the
 * proxy from the client; and a Forwarded that cannot be read, since an open quote in the client's
 * part swallows the proxy's (RFC 7239 8.1).
 */
#ifndef HTTP_FORWARDED_H
#define HTTP_FORWARDED_H

#include "http/limits.h"
#include "http/request.h"

/*
 * The head is complete and its peer is trusted: sets rq->client, rq->scheme and
 * rq->start_said if it says so.  False if the request is refused.
 */
bool forwarded_read(struct request *rq, const struct limits *limits);

#endif
