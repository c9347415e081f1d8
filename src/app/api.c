/*
 * The bodies of the functions an app may call.  Runs in: slot, leader.
 *
 * Thin on purpose: each checks what an app may get wrong and hands on to http/.  A `struct
 * ltd_exchange` is a `struct exchange` seen from outside; two casts below are the border.
 */
#include "app/api.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <littled/app.h>

#include "app/mount.h"
#include "base/log.h"
#include "base/turnlock.h"
#include "http/exchange.h"
#include "http/uri.h"

static inline struct exchange *inner(const struct ltd_exchange *x)
{
	return (struct exchange *)(uintptr_t)x;
}

static inline struct ltd_exchange *outer(struct exchange *x)
{
	return (struct ltd_exchange *)x;
}

static void settle(struct exchange *x, int code)
{
	if (code == 0 || stream_is_broken(&x->response))
		return; /* who is told that its client has gone may well fail */
	log_error("app %s: the handler of %s failed (%d)%s", x->mount->app->name, x->route->path,
		  code, stream_has_begun(&x->response) ? ", its answer is cut" : "");
	response_error(&x->response, 500, LTD_SLICE("the handler of this path failed"));
}

void api_handle(struct exchange *x)
{
	settle(x, x->route->handle(outer(x), x->mount->state));
}

bool api_attempt(struct exchange *x)
{
	int code = x->route->attempt(outer(x), x->mount->state);

	if (code == LTD_LATER) {
		response_fini(&x->response);
		response_init(&x->response, &x->arena);
		return false;
	}
	settle(x, code);
	return true;
}

/* --- blocking --- */

void ltd_block_begin(struct ltd_exchange *x)
{
	if (inner(x)->lock)
		turnlock_give(inner(x)->lock);
}

void ltd_block_end(struct ltd_exchange *x)
{
	if (inner(x)->lock)
		turnlock_take(inner(x)->lock);
}

void ltd_checkpoint(struct ltd_exchange *x)
{
	if (inner(x)->lock)
		turnlock_checkpoint(inner(x)->lock);
}

/* --- the request --- */

static struct ltd_slice piece(const struct ltd_exchange *x, struct span s)
{
	return request_slice(&inner(x)->request, s);
}

struct ltd_slice ltd_request_method(const struct ltd_exchange *x)
{
	return piece(x, inner(x)->request.method);
}

struct ltd_slice ltd_request_target(const struct ltd_exchange *x)
{
	return piece(x, inner(x)->request.target);
}

struct ltd_slice ltd_request_path(const struct ltd_exchange *x)
{
	return request_path(&inner(x)->request);
}

struct ltd_slice ltd_request_query(const struct ltd_exchange *x)
{
	struct span query = inner(x)->request.query;

	return query.at ? piece(x, query) : slice_of(NULL, 0);
}

struct ltd_slice ltd_request_subpath(const struct ltd_exchange *x)
{
	struct ltd_slice path = ltd_request_path(x);
	size_t above = inner(x)->mount->prefix.len;

	if (path.len <= above)
		return LTD_SLICE("/");
	return slice_of(path.at + above, path.len - above);
}

unsigned ltd_request_version(const struct ltd_exchange *x)
{
	return inner(x)->request.version;
}

size_t ltd_request_field_count(const struct ltd_exchange *x)
{
	return inner(x)->request.field_count;
}

struct ltd_field ltd_request_field(const struct ltd_exchange *x, size_t i)
{
	const struct request *rq = &inner(x)->request;

	if (i >= rq->field_count)
		return (struct ltd_field){ { NULL, 0 }, { NULL, 0 } };
	return (struct ltd_field){ piece(x, rq->fields[i].name), piece(x, rq->fields[i].value) };
}

struct ltd_slice ltd_request_header(const struct ltd_exchange *x, const char *name)
{
	const struct field *f = request_find(&inner(x)->request, slice_of_string(name));

	return f ? piece(x, f->value) : slice_of(NULL, 0);
}

struct ltd_slice ltd_request_body(const struct ltd_exchange *x)
{
	struct request *rq = &inner(x)->request;

	if (request_map_body(rq) < 0)
		rq->arena->is_short = true; /* answered with 503, as for want of memory */
	return request_body(rq);
}

uint64_t ltd_request_body_length(const struct ltd_exchange *x)
{
	return request_body_length(&inner(x)->request);
}

ssize_t ltd_request_read(struct ltd_exchange *x, void *to, size_t max)
{
	return request_read(&inner(x)->request, to, max);
}

bool ltd_request_param(struct ltd_exchange *x, const char *name, struct ltd_slice *value)
{
	struct ltd_slice query = ltd_request_query(x);

	return query.at && uri_query_find(&inner(x)->arena, query, slice_of_string(name), value);
}

struct ltd_slice ltd_request_client(const struct ltd_exchange *x)
{
	struct client *client = inner(x)->request.client;

	return client ? client_text(client) : LTD_SLICE("");
}

struct ltd_slice ltd_request_scheme(const struct ltd_exchange *x)
{
	return inner(x)->request.scheme;
}

bool ltd_request_client_is_gone(struct ltd_exchange *x)
{
	struct exchange *in = inner(x);

	return in->link && in->link->is_gone(in);
}

void *ltd_alloc(struct ltd_exchange *x, size_t bytes)
{
	return arena_alloc(&inner(x)->arena, bytes);
}

/* --- the response --- */

int ltd_response_stream(struct ltd_exchange *x)
{
	struct exchange *in = inner(x);

	if (in->slot == EXCHANGE_NO_SLOT || !in->link)
		return -EPERM;
	return stream_start(&in->response);
}

int ltd_response_flush(struct ltd_exchange *x)
{
	struct exchange *in = inner(x);

	if (!in->response.stream)
		return -EINVAL;
	ltd_block_begin(x); /* it waits for the client */
	int error = in->link->flush(in);
	ltd_block_end(x);
	return error;
}

void ltd_response_status(struct ltd_exchange *x, unsigned status)
{
	response_status(&inner(x)->response, status);
}

int ltd_response_header(struct ltd_exchange *x, const char *name, struct ltd_slice value)
{
	return response_field(&inner(x)->response, slice_of_string(name), value);
}

void ltd_response_type(struct ltd_exchange *x, const char *type)
{
	response_type(&inner(x)->response, slice_of_string(type));
}

int ltd_response_write(struct ltd_exchange *x, const void *bytes, size_t len)
{
	return exchange_write(inner(x), bytes, len);
}

/* Long enough for what most handlers print; longer texts are formatted twice. */
#define FORMAT_BYTES 256

static int write_long(struct exchange *x, size_t len, const char *format, va_list args)
{
	char *text = malloc(len + 1);

	if (!text) {
		x->arena.is_short = true;
		return -ENOMEM;
	}
	vsnprintf(text, len + 1, format, args);
	int error = exchange_write(x, text, len);
	free(text);
	return error;
}

int ltd_response_printf(struct ltd_exchange *x, const char *format, ...)
{
	char text[FORMAT_BYTES];
	va_list args;

	va_start(args, format);
	int n = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (n < 0)
		return -EINVAL;
	if ((size_t)n < sizeof text)
		return exchange_write(inner(x), text, (size_t)n);
	va_start(args, format);
	int error = write_long(inner(x), (size_t)n, format, args);
	va_end(args);
	return error;
}

int ltd_response_file(struct ltd_exchange *x, int fd, off_t offset, uint64_t len)
{
	return exchange_file(inner(x), fd, offset, len);
}

void ltd_response_body(struct ltd_exchange *x, const void *bytes, size_t len)
{
	struct exchange *in = inner(x);

	if (in->response.stream)
		exchange_write(in, bytes, len);
	else
		response_body_ref(&in->response, bytes, len);
}

void ltd_response_error(struct ltd_exchange *x, unsigned status, const char *format, ...)
{
	char text[FORMAT_BYTES];
	va_list args;

	va_start(args, format);
	int n = vsnprintf(text, sizeof text, format, args);
	va_end(args);

	size_t len = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
	response_error(&inner(x)->response, status, slice_of(text, len));
}

/* --- the log --- */

void ltd_log(enum ltd_log_level level, const char *format, ...)
{
	va_list args;

	if ((unsigned)level > LTD_LOG_CRITICAL)
		level = LTD_LOG_CRITICAL;
	va_start(args, format);
	log_vline(level, format, args);
	va_end(args);
}
