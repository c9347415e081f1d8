/*
 * The Server-Timing field (W3C Server Timing, 2.1): the phases as far as they are over when the
 * head goes out.
 *
 *	Server-Timing: proxy;dur=3.120, wait;dur=0.041, read;dur=0.002, service;dur=40.107
 *
 * The phase `write` has not begun by then; of a streamed response `service` has not ended.
 */
#ifndef HTTP_SERVER_TIMING_H
#define HTTP_SERVER_TIMING_H

#include "http/put.h"
#include "http/stamps.h"

/* "service;dur=", a number of microseconds with a point in it, and ", ". */
#define SERVER_TIMING_ENTRY_MAX (16 + PUT_DIGITS_MAX + 3)
#define SERVER_TIMING_MAX (32 + PHASE_COUNT * SERVER_TIMING_ENTRY_MAX)

/* The whole line with its CRLF, or nothing; gives the place behind it. */
char *server_timing_put(char *to, const struct stamps *s);

#endif
