/*
 * Feeding pages.  Runs in: the statistics process; observe() and what it calls in a thread of its
 * own, feed_stream() in a slot, the rest in the leader.
 */
#include "proc/feed.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "metrics/history.h"
#include "metrics/stats.h"

/* Far more than the largest configuration needs. */
#define EVENT_BYTES_MAX (64u << 20)

/* When to come back after the connection was lost: at once is for one client, not for sixteen. */
#define RETRY_LINE "retry: 1000\n\n"

struct feed {
	struct snapshot *snapshot; /* the thread's */
	struct buf draft;          /* the event it writes */
	pthread_t thread;
	bool is_started;

	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t news, stop;
	struct buf event;
	uint64_t number; /* of the event, from 1 */
	unsigned pages;
	bool is_stopping;
	struct history *history; /* shared with the process before, and the next */
};

struct feed *feed_new(const struct board *b, struct history *h)
{
	struct feed *f = calloc(1, sizeof *f);
	pthread_condattr_t monotonic;

	if (!f)
		return NULL;
	f->history = h;
	f->snapshot = snapshot_new(b);
	if (!f->snapshot) {
		free(f);
		return NULL;
	}
	buf_init(&f->draft, EVENT_BYTES_MAX);
	buf_init(&f->event, EVENT_BYTES_MAX);
	pthread_mutex_init(&f->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&f->news, NULL);
	pthread_cond_init(&f->stop, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return f;
}

void feed_free(struct feed **f)
{
	if (!*f)
		return;
	snapshot_free(&(*f)->snapshot);
	buf_fini(&(*f)->draft);
	buf_fini(&(*f)->event);
	pthread_mutex_destroy(&(*f)->lock);
	pthread_cond_destroy(&(*f)->news);
	pthread_cond_destroy(&(*f)->stop);
	free(*f);
	*f = NULL;
}

/* --- the thread --------------------------------------------------------------- */

static void write_event(struct feed *f, const struct point *p)
{
	buf_reset(&f->draft);
	buf_puts(&f->draft, "event: point\ndata: ");
	point_write_json(&f->draft, p);
	buf_puts(&f->draft, "\n\nevent: stats\ndata: ");
	snapshot_take(f->snapshot, FEED_WINDOW_S, clock_mono_ns());
	stats_write_json(&f->draft, f->snapshot); /* in one line, with its end */
	buf_puts(&f->draft, "\n");
}

/* Lock held.  One that memory was too short for is not told. */
static void publish_event(struct feed *f)
{
	struct buf old = f->event;

	if (f->draft.is_short)
		return;
	f->event = f->draft;
	f->draft = old;
	f->number++;
	pthread_cond_broadcast(&f->news);
}

static void observe_second(struct feed *f)
{
	snapshot_take(f->snapshot, HISTORY_WINDOW_S, clock_mono_ns());
	struct point p = point_of(f->snapshot, clock_real_ns());

	pthread_mutex_lock(&f->lock);
	bool has_pages = f->pages;
	history_add(f->history, &p);
	pthread_mutex_unlock(&f->lock);
	if (!has_pages)
		return;
	write_event(f, &p);
	pthread_mutex_lock(&f->lock);
	publish_event(f);
	pthread_mutex_unlock(&f->lock);
}

/* False: it is over. */
static bool await(struct feed *f, uint64_t at_ns)
{
	struct timespec at = {
		.tv_sec = (time_t)(at_ns / NS_PER_S),
		.tv_nsec = (long)(at_ns % NS_PER_S),
	};
	int timed_out = 0;

	pthread_mutex_lock(&f->lock);
	while (!f->is_stopping && !timed_out)
		timed_out = pthread_cond_timedwait(&f->stop, &f->lock, &at);
	bool goes_on = !f->is_stopping;
	pthread_mutex_unlock(&f->lock);
	return goes_on;
}

static void *observe(void *argument)
{
	struct feed *f = argument;
	uint64_t at_ns = clock_mono_ns() + NS_PER_S;

	pthread_setname_np(pthread_self(), "feed");
	while (await(f, at_ns)) {
		observe_second(f);
		uint64_t now_ns = clock_mono_ns();
		at_ns += NS_PER_S;
		if (at_ns < now_ns)
			at_ns = now_ns + NS_PER_S; /* it was stopped for a while: no catching up */
	}
	return NULL;
}

int feed_start(struct feed *f)
{
	sigset_t all, before;

	/* Signals are the loop's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&f->thread, NULL, observe, f);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	f->is_started = !error;
	return -error;
}

void feed_stop(struct feed *f)
{
	pthread_mutex_lock(&f->lock);
	f->is_stopping = true;
	pthread_cond_broadcast(&f->news);
	pthread_cond_broadcast(&f->stop);
	pthread_mutex_unlock(&f->lock);
	if (f->is_started)
		pthread_join(f->thread, NULL);
	f->is_started = false;
}

/* --- a page --------------------------------------------------------------------- */

static bool enter(struct feed *f)
{
	pthread_mutex_lock(&f->lock);
	bool has_room = f->pages < FEED_PAGES_MAX;
	f->pages += has_room;
	pthread_mutex_unlock(&f->lock);
	return has_room;
}

static void leave_feed(struct feed *f)
{
	pthread_mutex_lock(&f->lock);
	f->pages--;
	pthread_mutex_unlock(&f->lock);
}

/* A copy: the page may take its time.  False: there will be no more. */
static bool await_event(struct feed *f, uint64_t *seen, struct buf *copy)
{
	pthread_mutex_lock(&f->lock);
	while (!f->is_stopping && f->number == *seen)
		pthread_cond_wait(&f->news, &f->lock);
	bool goes_on = !f->is_stopping;
	*seen = f->number;
	buf_reset(copy);
	buf_append(copy, f->event.at, f->event.len);
	pthread_mutex_unlock(&f->lock);
	return goes_on;
}

static uint64_t newest(struct feed *f)
{
	pthread_mutex_lock(&f->lock);
	uint64_t number = f->number;
	pthread_mutex_unlock(&f->lock);
	return number;
}

static int send_events(struct feed *f, struct ltd_exchange *x)
{
	uint64_t seen = newest(f); /* it may be from when a page last watched */
	struct buf copy;
	int error;

	buf_init(&copy, EVENT_BYTES_MAX);
	error = ltd_response_write(x, RETRY_LINE, sizeof RETRY_LINE - 1);
	if (!error)
		error = ltd_response_flush(x);
	while (!error && await_event(f, &seen, &copy)) {
		error = copy.is_short ? -ENOMEM : ltd_response_write(x, copy.at, copy.len);
		if (!error)
			error = ltd_response_flush(x);
	}
	buf_fini(&copy);
	return error;
}

int feed_stream(struct feed *f, struct ltd_exchange *x)
{
	int error;

	if (!enter(f)) {
		ltd_response_error(x, 503, "%u pages watch already; /stats.json has the same",
				   FEED_PAGES_MAX);
		ltd_response_header(x, "Retry-After", LTD_SLICE("10"));
		return 0;
	}
	ltd_response_type(x, "text/event-stream");
	ltd_response_header(x, "Cache-Control", LTD_SLICE("no-store"));
	/* Asks nginx to pass it on at once. */
	ltd_response_header(x, "X-Accel-Buffering", LTD_SLICE("no"));
	error = ltd_response_stream(x);
	if (!error && slice_eq(ltd_request_method(x), LTD_SLICE("HEAD")))
		error = ltd_response_flush(x); /* of no length, as for GET */
	else if (!error)
		error = send_events(f, x);
	leave_feed(f);
	/* That a page goes is how it always ends, and no failure of ours. */
	return error == -EPIPE || error == -ETIMEDOUT ? 0 : error;
}

int feed_tell_history(struct feed *f, struct ltd_exchange *x)
{
	struct history *copy = ltd_alloc(x, sizeof *copy);
	struct buf text;

	if (!copy)
		return -ENOMEM;
	pthread_mutex_lock(&f->lock);
	history_copy(copy, f->history);
	pthread_mutex_unlock(&f->lock);
	buf_init(&text, EVENT_BYTES_MAX);
	history_write_json(&text, copy);
	ltd_response_type(x, "application/json");
	ltd_response_header(x, "Cache-Control", LTD_SLICE("no-store"));
	int error = text.is_short ? -ENOMEM : ltd_response_write(x, text.at, text.len);
	buf_fini(&text);
	return error;
}
