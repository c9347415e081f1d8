/*
 * The header fields that say something to the server itself: about framing, the connection
 * and the host (RFC 9112 6, 9.3; RFC 9110 7.2, 8.6, 10.1.1).
 */
#ifndef HTTP_FIELDS_H
#define HTTP_FIELDS_H

#include "http/limits.h"
#include "http/request.h"

/* Begins a field; its value follows.  False if the request is refused. */
bool fields_add_name(struct request *rq, struct ltd_slice name, const struct limits *limits);
bool fields_add_value(struct request *rq, struct ltd_slice value);

/* All fields are there: judges them together, fixes keep_alive and, of a proxy, the client. */
bool fields_finish(struct request *rq, const struct limits *limits);

/* May a trailer be called that?  Not if it frames a message (RFC 9110 6.5.1). */
bool fields_allow_trailer(struct ltd_slice name);

#endif
