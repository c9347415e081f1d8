/*
 * The status app.  Runs in: the statistics process; get_events
 * and get_history in a slot, the rest in the leader.
 */
#include "proc/status.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/cpus.h"
#include "base/log.h"
#include "metrics/evidence.h"
#include "metrics/prometheus.h"
#include "metrics/snapshot.h"
#include "metrics/stats.h"
#include "proc/page.h"

/* Far more than the largest configuration needs. */
#define TEXT_BYTES_MAX (64u << 20)

#define DEFAULT_WINDOW_S 10

struct status {
	struct board *board;
	struct snapshot *snapshot;
	struct buf text;
	struct feed *feed;
};

static struct status its; /* the process's one */

static int answer(struct ltd_exchange *x, struct status *s, const char *type)
{
	ltd_response_type(x, type);
	ltd_response_header(x, "Cache-Control", LTD_SLICE("no-store"));
	int error = s->text.is_short ? -1 : ltd_response_write(x, s->text.at, s->text.len);
	buf_reset(&s->text);
	return error;
}

static bool read_window(struct ltd_exchange *x, unsigned *window_s)
{
	static const unsigned known[] = { 1, 10, 60 };
	struct ltd_slice text;
	uint64_t n;

	*window_s = DEFAULT_WINDOW_S;
	if (!ltd_request_param(x, "window", &text))
		return true;
	if (slice_to_u64(text, &n))
		for (unsigned i = 0; i < sizeof known / sizeof *known; i++)
			if (n == known[i]) {
				*window_s = known[i];
				return true;
			}
	ltd_response_error(x, 400, "window must be 1, 10 or 60 seconds");
	return false;
}

static int get_stats(struct ltd_exchange *x, void *state)
{
	struct status *s = state;
	unsigned window_s;

	if (!read_window(x, &window_s))
		return 0;
	snapshot_take(s->snapshot, window_s, clock_mono_ns());
	stats_write_json(&s->text, s->snapshot);
	return answer(x, s, "application/json");
}

static int get_evidence(struct ltd_exchange *x, void *state)
{
	static struct evidence evidence; /* large; one thread answers */
	struct status *s = state;
	struct cpus cpus;
	unsigned window_s;

	if (!read_window(x, &window_s))
		return 0;
	cpus_read(&cpus);
	snapshot_take(s->snapshot, window_s, clock_mono_ns());
	evidence_take(&evidence, s->snapshot, cpus_usable(&cpus));
	evidence_write_json(&s->text, &evidence);
	return answer(x, s, "application/json");
}

static int get_metrics(struct ltd_exchange *x, void *state)
{
	struct status *s = state;

	snapshot_take(s->snapshot, DEFAULT_WINDOW_S, clock_mono_ns());
	prometheus_write(&s->text, s->snapshot);
	return answer(x, s, PROMETHEUS_CONTENT_TYPE);
}

static int say(struct ltd_exchange *x, unsigned status, const char *text)
{
	ltd_response_status(x, status);
	ltd_response_type(x, "text/plain");
	return ltd_response_printf(x, "%s\n", text);
}

static int get_health(struct ltd_exchange *x, void *state)
{
	(void)state;
	return say(x, 200, "ok");
}

static int get_readiness(struct ltd_exchange *x, void *state)
{
	const struct status *s = state;
	unsigned ready = 0;

	/* The probes of both masters come to either. */
	if (atomic_load(&s->board->has_relative))
		return say(x, 200, "ready");
	if (atomic_load(&s->board->phase) != BOARD_SERVING)
		return say(x, 503, "draining");
	for (unsigned i = 0; i < board_rows(s->board); i++)
		ready += atomic_load(&board_worker(s->board, i)->state) == WORKER_READY;
	return ready ? say(x, 200, "ready") : say(x, 503, "no worker is ready");
}

/* A path that ends with '/' takes all below it: the page is at the top alone. */
static int get_page(struct ltd_exchange *x, void *state)
{
	(void)state;
	if (slice_eq(ltd_request_path(x), LTD_SLICE("/")))
		return page_answer(x);
	ltd_response_error(x, 404, "there is nothing at this path");
	return 0;
}

static int get_events(struct ltd_exchange *x, void *state)
{
	const struct status *s = state;

	return feed_stream(s->feed, x);
}

static int get_history(struct ltd_exchange *x, void *state)
{
	const struct status *s = state;

	return feed_tell_history(s->feed, x);
}

static int get_index(struct ltd_exchange *x, void *state)
{
	(void)state;
	return say(x, 200,
		   "/\n/events\n/history.json\n/stats.json?window=1|10|60\n"
		   "/evidence.json?window=1|10|60\n/metrics\n/healthz\n/readyz");
}

static int start_feed(void *state)
{
	const struct status *s = state;
	int error = feed_start(s->feed);

	if (error)
		log_error("statistics: cannot start the thread that feeds pages: %s",
			  strerror(-error));
	return error;
}

static void stop_feed(void *state)
{
	const struct status *s = state;

	feed_stop(s->feed);
}

static const struct ltd_route routes[] = {
	{ "/", LTD_INLINE, LTD_GET, .handle = get_page },
	{ "/events", LTD_SLOT, LTD_GET, .handle = get_events },
	{ "/history.json", LTD_SLOT, LTD_GET, .handle = get_history },
	{ "/stats.json", LTD_INLINE, LTD_GET, .handle = get_stats },
	{ "/evidence.json", LTD_INLINE, LTD_GET, .handle = get_evidence },
	{ "/metrics", LTD_INLINE, LTD_GET, .handle = get_metrics },
	{ "/healthz", LTD_INLINE, LTD_GET, .handle = get_health },
	{ "/readyz", LTD_INLINE, LTD_GET, .handle = get_readiness },
	{ "/index.txt", LTD_INLINE, LTD_GET, .handle = get_index },
	{ .path = NULL },
};

static const struct ltd_app app = {
	.abi = LTD_ABI,
	.name = "status",
	.summary = "what the statistics listener serves",
	.routes = routes,
	.worker_start = start_feed,
	.worker_stop = stop_feed,
};

const struct mounts *status_mounts(const struct heritage *heritage)
{
	static struct mounts mounts;

	its.board = heritage->board;
	its.snapshot = snapshot_new(heritage->board);
	its.feed = feed_new(heritage->board, heritage->history);
	buf_init(&its.text, TEXT_BYTES_MAX);
	if (its.snapshot && its.feed && mounts_open_app(&mounts, &app, &its) == 0)
		return &mounts;
	log_error("statistics: memory is short");
	return NULL;
}

void status_stop(void)
{
	if (its.feed)
		feed_stop(its.feed);
}
