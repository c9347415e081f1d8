/* Status codes: reason phrases and ready-made status lines, from status.def. */
#ifndef HTTP_STATUS_H
#define HTTP_STATUS_H

#include "base/slice.h"

#define STATUS_FIRST 100
#define STATUS_LAST 599

/* What every response begins with, also to HTTP/1.0 (RFC 9110 6.2). */
#define RESPONSE_BEGINS "HTTP/1.1 "

/* The reason phrase; "Unknown" for a code without one (RFC 9110 15 allows any of its class). */
struct ltd_slice status_reason(unsigned code);

/*
 * Everything of a response's head that comes before the date: the status line, the Server
 * field and "Date: ".  `at` is NULL for a code status.def does not know.
 */
struct ltd_slice status_prefix(unsigned code);

#endif
