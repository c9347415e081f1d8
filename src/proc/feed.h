/*
 * The feed: the statistics document, once a second, to every page that watches.
 *
 * A thread of its own takes the snapshots: one for the history each second, and while pages watch a
 * second one for the document they all get.  A page is a stream in a slot of the statistics process
 * that waits for the next document, so FEED_PAGES_MAX of them can watch; others may ask for
 * /stats.json as often as they like.
 */
#ifndef PROC_FEED_H
#define PROC_FEED_H

#include <littled/app.h>

#include "metrics/history.h"

#define FEED_PAGES_MAX 16

/* What the document a page gets looks back on. */
#define FEED_WINDOW_S 10

struct feed;

/* NULL when memory is short. */
struct feed *feed_new(const struct board *b, struct history *h);
void feed_free(struct feed **f);

/* Its thread.  0 or a negative errno value. */
int feed_start(struct feed *f);

/* Streams end, and so does the thread; waits for it.  Harmless if it never started. */
void feed_stop(struct feed *f);

/* A slot's handler: text/event-stream with `point` and `stats` each second, until the page goes. */
int feed_stream(struct feed *f, struct ltd_exchange *x);

/* A slot's handler, since thousands of numbers are milliseconds of printing: the history as JSON. */
int feed_tell_history(struct feed *f, struct ltd_exchange *x);

#endif
