/* The statistics document: valid, complete, and saying what the snapshot says. */
#include "metrics/stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "read_json.h"
#include "support.h"
#include "unit.h"

static char *document_of(const struct board *b, unsigned window_s, uint64_t now_ns)
{
	struct snapshot *s = snapshot_new(b);
	struct buf text;

	buf_init(&text, 1 << 20);
	snapshot_take(s, window_s, now_ns);
	stats_write_json(&text, s);
	snapshot_free(&s);

	char *document = buf_steal(&text);
	ck_assert_ptr_nonnull(document);
	const char *end = json_end(document);
	ck_assert_msg(end && strcmp(end, "\n") == 0, "no JSON: %s", document);
	return document;
}

/* 20 requests of 100 ms of which one fails and one is not found, one slot busy, some events. */
static struct board *open_busy(struct shm *m)
{
	struct board *b = open_board(m);
	struct stamps failed = way(START_NS, START_NS, START_NS, START_NS, START_NS + 100 * MS,
				   START_NS + 100 * MS);
	struct stamps waits = way(START_NS, START_NS, START_NS, START_NS, START_NS, START_NS);

	for (unsigned i = 0; i < 18; i++)
		serve_for(board_tally(b, i % WORKERS, 0), START_NS, 100);
	failed.has_cpu = true;
	failed.cpu_ns = 25 * MS;
	serve(board_tally(b, 0, 1), &failed, FLOW_SLOT, 0, 500);
	serve(board_tally(b, 0, 1), &failed, FLOW_INLINE, 1, 404);
	serve_until(board_tally(b, 2, 1), &waits, FLOW_SLOT);
	board_enter(b, START_NS);
	board_slot(b, 2, 1)->route = 1;
	board_slot(b, 2, 1)->state = SLOT_BUSY;
	board_worker(b, 2)->pid = 4711;
	board_worker(b, 2)->state = WORKER_READY;
	board_worker(b, 2)->conns[CONN_IDLE] = 3;
	tally_count(board_tally(b, 2, 0), COUNTER_MOVES_IN, 2);
	tally_closed(board_tally(b, 2, 0), CLOSE_IDLE_TIMEOUT);
	return b;
}

static const struct {
	const char *path;
	double value;
} figures[] = {
	{ "littled/workers", WORKERS },
	{ "littled/threads", THREADS },
	{ "littled/slots", WORKERS *THREADS },
	{ "littled/uptime_s", 2 },
	{ "window_s", 2 },
	{ "arrival_rate", 21 / 2.0 },
	{ "throughput_rps", 20 / 2.0 },
	{ "concurrency/total", (20 * 0.1 + 2) / 2 },
	{ "concurrency/in_service", (20 * 0.1 + 2) / 2 },
	{ "concurrency/waiting", 0 },
	{ "concurrency/max", 1 },
	{ "concurrency/now", 1 },
	{ "busy_slots", (19 * 0.1 + 2) / 2 },
	{ "slots", WORKERS *THREADS },
	{ "utilisation", (19 * 0.1 + 2) / 2 / (WORKERS * THREADS) },
	{ "little/arrivals", 21 },
	{ "little/completions", 20 },
	{ "little/lambda", 10.5 },
	{ "little/L", 2 },
	{ "little/X", 10 },
	{ "little/W_s", 0.1 },
	{ "little/XW", 1 },
	{ "little/edge", 1 },
	{ "little/residual", 0 },
	{ "little/L_service", 2 },
	{ "phases/service/count", 20 },
	{ "phases/service/mean_s", 0.1 },
	{ "phases/service/max_s", 0.1 },
	{ "phases/cpu/count", 2 },
	{ "phases/cpu/mean_s", 0.025 },
	{ "phases/wait/p999_s", 0 },
	{ "totals/arrivals", 21 },
	{ "totals/completions", 20 },
	{ "totals/concurrency_seconds", 4 },
	{ "totals/lost", 0 },
	{ "totals/moves_in", 2 },
	{ "totals/accepted", 0 },
	{ "totals/status/200", 18 },
	{ "totals/status/404", 1 },
	{ "totals/status/500", 1 },
	{ "closes/idle_timeout", 1 },
	{ "connections/idle", 3 },
	{ "workers/2/worker", 2 },
	{ "workers/2/pid", 4711 },
	{ "workers/2/generation", 1 },
	{ "workers/2/free_slots", THREADS },
	{ "workers/2/served", 6 },
	{ "workers/2/in_flight", 1 },
	{ "workers/2/moves_in", 2 },
	{ "workers/2/slots/1/age_s", 2 },
	{ "routes/0/count", 19 },
	{ "routes/0/errors", 1 },
	{ "routes/0/rate", 9.5 },
	{ "routes/0/service/mean_s", 0.1 },
	{ "routes/0/cpu_share", 0.25 },
	{ "routes/1/count", 1 },
	{ "routes/1/errors", 0 },
};

START_TEST(figures_are_what_happened)
{
	struct shm m;
	char *document = document_of(open_busy(&m), 10, START_NS + 2 * SECOND);

	for (unsigned i = 0; i < sizeof figures / sizeof *figures; i++) {
		double seen = json_number_at(document, figures[i].path), expected = figures[i].value;

		ck_assert_msg(seen > expected - 1e-9 && seen < expected + 1e-9,
			      "%s is %.17g, not %.17g", figures[i].path, seen, expected);
	}
	free(document);
	shm_close(&m);
}
END_TEST

static void expect_text(const char *document, const char *path, const char *text)
{
	const char *at = json_find(document, path);

	ck_assert_msg(at && strncmp(at, text, strlen(text)) == 0, "%s is %.20s", path,
		      at ? at : "missing");
}

START_TEST(rows_carry_their_names)
{
	struct shm m;
	char *document = document_of(open_busy(&m), 10, START_NS + 2 * SECOND);

	expect_text(document, "littled/version", "\"");
	expect_text(document, "workers/2/state", "\"ready\"");
	expect_text(document, "workers/0/state", "\"starting\"");
	expect_text(document, "workers/2/slots/1/state", "\"busy\"");
	expect_text(document, "workers/2/slots/1/route", "\"/he\\\"llo\"");
	expect_text(document, "workers/2/slots/0/state", "\"idle\"");
	expect_text(document, "workers/2/slots/0/route", "null");
	expect_text(document, "routes/0/route", "\"/sleep\"");
	expect_text(document, "routes/0/app", "\"workload\"");
	expect_text(document, "routes/0/class", "\"slot\"");
	expect_text(document, "routes/1/class", "\"inline\"");
	ck_assert_ptr_null(json_find(document, "workers/3"));
	free(document);
	shm_close(&m);
}
END_TEST

static void expect_keys(const char *document, const char *parent, const char *const *keys,
			unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		char path[128];

		snprintf(path, sizeof path, "%s/%s", parent, keys[i]);
		ck_assert_msg(json_find(document, path) != NULL, "%s is missing", path);
	}
}

START_TEST(an_idle_server_has_every_key_and_only_zeros)
{
	static const char *const of_hist[] = { "count", "mean_s", "p50_s", "p90_s",
					       "p99_s", "p999_s", "max_s" };
	static const char *const of_little[] = { "L_wait", "L_read", "L_slot", "L_inline",
						 "L_write" };
	static const char *const of_concurrency[] = { "reading", "writing" };
	struct shm m;
	char *document = document_of(open_board(&m), 1, START_NS);

	for (unsigned p = 0; p < PHASE_COUNT; p++) {
		char path[64];

		snprintf(path, sizeof path, "phases/%s", phase_names[p]);
		expect_keys(document, path, of_hist, sizeof of_hist / sizeof *of_hist);
	}
	expect_keys(document, "little", of_little, sizeof of_little / sizeof *of_little);
	expect_keys(document, "concurrency", of_concurrency, 2);
	expect_keys(document, "totals", counter_names, COUNTER_COUNT);
	expect_keys(document, "closes", close_names, CLOSE_COUNT);
	expect_keys(document, "connections", conn_state_names, CONN_STATE_COUNT);
	ck_assert_double_eq(json_number_at(document, "window_s"), 0);
	ck_assert_double_eq(json_number_at(document, "little/W_s"), 0);
	ck_assert_double_eq(json_number_at(document, "routes/0/rate"), 0);
	free(document);
	shm_close(&m);
}
END_TEST

UNIT_SUITE_OF(stats, figures_are_what_happened, rows_carry_their_names,
	      an_idle_server_has_every_key_and_only_zeros)
