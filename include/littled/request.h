/*
 * What a handler may ask about the request it was given.
 *
 * Every slice points into memory of the exchange: it is valid until the handler returns.
 * All functions may be called from the handler's thread only.
 */
#ifndef LITTLED_REQUEST_H
#define LITTLED_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <littled/slice.h>

/* One request, its response, and the memory both live in. */
struct ltd_exchange;

struct ltd_field {
	struct ltd_slice name;  /* as sent; compare without regard to case (RFC 9110 5.1) */
	struct ltd_slice value; /* white space around it removed (RFC 9110 5.5) */
};

struct ltd_slice ltd_request_method(const struct ltd_exchange *x);

/* The request target exactly as sent (RFC 9112 3.2). */
struct ltd_slice ltd_request_target(const struct ltd_exchange *x);

/*
 * The target's path and query, still percent-encoded, but for escapes in the path of what needs
 * none: "/%7Ea" is "/~a" (RFC 3986 6.2.2.2).  The query without its '?', `at` NULL if none.
 */
struct ltd_slice ltd_request_path(const struct ltd_exchange *x);
struct ltd_slice ltd_request_query(const struct ltd_exchange *x);

/* The part of the path below the app's mount point, beginning with '/'. */
struct ltd_slice ltd_request_subpath(const struct ltd_exchange *x);

/* 10 for HTTP/1.0, 11 for HTTP/1.1. */
unsigned ltd_request_version(const struct ltd_exchange *x);

/* Header fields in the order received. */
size_t ltd_request_field_count(const struct ltd_exchange *x);
struct ltd_field ltd_request_field(const struct ltd_exchange *x, size_t i);

/* The value of the first field of that name; `at` NULL if there is none. */
struct ltd_slice ltd_request_header(const struct ltd_exchange *x, const char *name);

/* The length of the body in bytes, chunked coding removed; 0 if there is none. */
uint64_t ltd_request_body_length(const struct ltd_exchange *x);

/*
 * The next bytes of the body, up to `max` of them, into `to`: how many they are, 0 at the end,
 * or a negative errno value.  The body has arrived whole before the handler is called.
 */
ssize_t ltd_request_read(struct ltd_exchange *x, void *to, size_t max);

/* The whole body, chunked coding removed; empty if there is none.  Reading it moves nothing. */
struct ltd_slice ltd_request_body(const struct ltd_exchange *x);

/*
 * The first query parameter of that name, percent-decoded ('+' is a space).
 * False if it is not there.  A value that cannot be decoded is given as sent.
 */
bool ltd_request_param(struct ltd_exchange *x, const char *name, struct ltd_slice *value);

/* The client's address: "192.0.2.1", "2001:db8::1", or "" for a unix socket. */
struct ltd_slice ltd_request_client(const struct ltd_exchange *x);

/* The scheme the client used: "http", or what a trusted proxy said of it. */
struct ltd_slice ltd_request_scheme(const struct ltd_exchange *x);

/*
 * True once nobody can receive the answer any more: a handler that runs long may ask now and
 * then, and stop.  A system call each time.
 */
bool ltd_request_client_is_gone(struct ltd_exchange *x);

/*
 * Memory that lives as long as the exchange; NULL when the exchange's limit is reached, in
 * which case the request is answered with 503 whatever the handler does.
 */
void *ltd_alloc(struct ltd_exchange *x, size_t bytes);

#endif
