/*
 * An app: handlers behind one descriptor, mounted on a route.
 *
 * The same descriptor serves apps built into the server and shared objects
 * (`littled ./app.so`).  A shared object exports exactly one symbol, `ltd_app`:
 *
 *	LTD_APP = { .abi = LTD_ABI, .name = "hello", .routes = routes };
 *
 * Which process and thread calls what:
 *
 *	configure      master, before any worker is forked     may refuse, with a sentence
 *	worker_start   each worker, before it accepts          non-zero: the worker does not start
 *	handle         a slot's thread, or the leader          see enum ltd_class
 *	worker_stop    each worker, after its last request
 *	release        master, when it is done with what `configure` made
 */
#ifndef LITTLED_APP_H
#define LITTLED_APP_H

#include <littled/log.h>
#include <littled/request.h>
#include <littled/response.h>
#include <littled/version.h>

/*
 * LTD_INLINE: never blocks and takes microseconds; runs on the worker's loop, even when every
 * slot is taken.  LTD_SLOT: may block or compute; runs in one of the worker's slots.
 */
enum ltd_class { LTD_INLINE, LTD_SLOT };

enum ltd_method {
	LTD_GET = 1, /* allows HEAD as well */
	LTD_POST = 2,
	LTD_PUT = 4,
	LTD_DELETE = 8,
	LTD_PATCH = 16,
	LTD_OPTIONS = 32,
	LTD_ANY_METHOD = 0 /* but TRACE */
};

/* Answers the request.  Non-zero: the handler failed, the client gets 500 (and the log a line). */
typedef int ltd_handler_fn(struct ltd_exchange *x, void *state);

/*
 * What `attempt` of a route returns when the request must have a slot after all: whatever it
 * wrote is forgotten, and `handle` is called there.
 */
#define LTD_LATER 0x7fffffff

struct ltd_route {
	const char *path; /* below the mount point: "/sleep" is exact, "/files/" with all below it */
	enum ltd_class class;
	unsigned methods; /* enum ltd_method, or-ed; others get 405 */
	ltd_handler_fn *handle;

	/*
	 * For a LTD_SLOT route, or NULL: called first, on the worker's loop, under the rules of
	 * LTD_INLINE.  Answers what needs no waiting, or returns LTD_LATER.
	 */
	ltd_handler_fn *attempt;
};

/* A key the app understands in its [route PREFIX] section. */
struct ltd_option {
	const char *name;
	const char *fallback; /* the value when it is not given; may be NULL */
	const char *help;     /* one sentence */
};

/* What `configure` is given; valid during the call only, but values live on. */
struct ltd_settings;

/* The value of one of the app's own options, or its fallback. */
const char *ltd_setting(const struct ltd_settings *settings, const char *name);

/* Says why the settings are refused; the server adds file, line and route.  Returns -1. */
int ltd_refuse(const struct ltd_settings *settings, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

struct ltd_app {
	unsigned abi; /* LTD_ABI */
	const char *name;
	const char *summary;
	const struct ltd_option *options; /* ends with a NULL name; may be NULL */
	const struct ltd_route *routes;   /* ends with a NULL path */
	int (*configure)(const struct ltd_settings *settings, void **state);
	int (*worker_start)(void *state);
	void (*worker_stop)(void *state);
	void (*release)(void *state);
};

/*
 * For the option handler_lock, under which the handlers of a process compute one at a time, as
 * Python code does under its interpreter's lock.  Around a call that blocks: others may compute
 * meanwhile.  In a long computation, at least every millisecond: a place where the lock may go to
 * one that waits.  Without the option both cost next to nothing.  Slot handlers only, from their
 * own thread; the two may not be nested.
 */
void ltd_block_begin(struct ltd_exchange *x);
void ltd_block_end(struct ltd_exchange *x);
void ltd_checkpoint(struct ltd_exchange *x);

#define LTD_APP __attribute__((visibility("default"))) const struct ltd_app ltd_app

#endif
