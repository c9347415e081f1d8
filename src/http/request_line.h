/* The request line (RFC 9112 3): method, target, version, and the parts of the target. */
#ifndef HTTP_REQUEST_LINE_H
#define HTTP_REQUEST_LINE_H

#include "http/request.h"

/*
 * Reads the line, which lies in rq->base, into rq->method, target, path, query, version and
 * (for an absolute-form target) host.  False if the request is refused.
 * HTTP/1.2 and later are served as 1.1 (RFC 9110 2.5): *version_at is the offset of the
 * version for which the line must be read as if it said 1.1, or 0.
 */
bool request_line_read(struct request *rq, struct ltd_slice line, size_t *version_at);

#endif
