/*
 * What a handler says in answer.  Defaults: status 200, no fields, an empty body.
 * Date, Server, Content-Length and Connection are the server's business: an app that adds
 * one of them is refused (-EINVAL).
 *
 * Functions that can fail return 0 or a negative errno value.  A failure for want of memory
 * sticks: the request is then answered with 503, so that a handler need not look.
 */
#ifndef LITTLED_RESPONSE_H
#define LITTLED_RESPONSE_H

#include <sys/types.h>

#include <littled/request.h>

/* 200 to 599.  Anything else becomes 500.  Of no effect once the head of a stream has gone. */
void ltd_response_status(struct ltd_exchange *x, unsigned status);

/*
 * Copies both.  -EINVAL for a name that is no token or a value with control bytes, -EALREADY when
 * the head of a stream has gone.
 */
int ltd_response_header(struct ltd_exchange *x, const char *name, struct ltd_slice value);

/* Sets Content-Type; `type` must live for ever (a literal). */
void ltd_response_type(struct ltd_exchange *x, const char *type);

/* Appends a copy of the bytes to the body, behind whatever it has already. */
int ltd_response_write(struct ltd_exchange *x, const void *bytes, size_t len);
int ltd_response_printf(struct ltd_exchange *x, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Makes these bytes the whole body, without copying.  They must stay as they are until the
 * exchange is over: static storage, or memory from ltd_alloc().  In a stream they are written
 * behind the others.
 */
void ltd_response_body(struct ltd_exchange *x, const void *bytes, size_t len);

/*
 * Appends `len` bytes of a file from `offset` on to the body, without reading them: the kernel
 * sends them (sendfile(2)).  The server closes `fd`, once, when it is done with it, also when
 * this fails: -EBADF for no descriptor, -EINVAL for a piece no file can have, -ENOMEM.
 * The same descriptor may be given again for more pieces of the file, until one fails or the
 * response is flushed.
 * A file that turns out shorter while it is sent ends the connection in the middle.
 */
int ltd_response_file(struct ltd_exchange *x, int fd, off_t offset, uint64_t len);

/*
 * From here on the response is a stream: what has been written may be sent before the handler
 * returns.  Nothing is sent yet; the head goes with the first flush, or when 16 KiB are waiting.
 * Its length need not be known: chunked in HTTP/1.1, ended by the connection in 1.0.  For LTD_SLOT
 * handlers in their slot; elsewhere -EPERM.
 *
 * The handler returns 0: the message is ended.  It returns something else, or the client goes,
 * or memory is short: the message stays visibly incomplete, and the connection ends.
 */
int ltd_response_stream(struct ltd_exchange *x);

/*
 * Sends what was written to a stream, and waits until the kernel has taken it: a slow client
 * slows its handler.  Any write to a stream that does not fit its buffer does the same.
 * -EINVAL: no stream; -EPIPE: the client is gone; -ETIMEDOUT: it did not take enough in time
 * (write_timeout, write_rate).  After an error the stream is over: return.
 */
int ltd_response_flush(struct ltd_exchange *x);

/*
 * Forgets what was written and answers with a line of plain text and this status.
 * A stream whose head has gone is cut instead.
 */
void ltd_response_error(struct ltd_exchange *x, unsigned status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
