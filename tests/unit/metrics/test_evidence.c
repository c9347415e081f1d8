/* Evidence: taken from a board, written as JSON and read back, and what is refused. */
#include "metrics/evidence.h"

#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "unit.h"

static struct evidence taken, again;

/* Ten seconds of 20 requests each, of 100 ms, in slots; and once there were seven at once. */
static void take(void)
{
	struct shm m;
	struct board *b = open_board(&m);
	struct snapshot *s = snapshot_new(b);

	for (unsigned i = 1; i <= 10; i++) {
		for (unsigned k = 0; k < 20; k++)
			serve_for(board_tally(b, k % WORKERS, k % THREADS),
				  START_NS + (i - 1) * SECOND + k * 40 * MS, 100);
		board_tick(b, START_NS + i * SECOND);
	}
	for (unsigned i = 0; i < 7; i++)
		board_enter(b, START_NS + 9 * SECOND + 500 * MS);
	board_leave(b, 7);
	snapshot_take(s, 10, START_NS + 10 * SECOND);
	evidence_take(&taken, s, 4);
	snapshot_free(&s);
	shm_close(&m);
}

START_TEST(what_a_board_tells)
{
	take();
	ck_assert_double_eq_tol(taken.window_s, 10, 1e-9);
	ck_assert_uint_eq(taken.slots, WORKERS * THREADS);
	ck_assert_uint_eq(taken.cpus, 4);
	ck_assert_uint_eq(taken.service.count, 200);
	ck_assert_double_eq_tol(taken.arrival_rate, 20, 1e-6);
	ck_assert_double_eq_tol(taken.L_slot, 2, 1e-6);
	ck_assert_uint_eq(taken.route_count, 1);
	ck_assert_double_eq_tol(taken.route[0].mean_s, .1, 1e-9);
	/* The same number every second: less variable than any Poisson process. */
	ck_assert_double_eq(taken.Ca2, 0);
	ck_assert_uint_ge(taken.Ca2_seconds, 8);
	ck_assert_uint_eq(taken.most, 7);
}
END_TEST

/* Of ten seconds the load fills 5.5, in the middle: what it was then, not a tenth of its sum. */
START_TEST(a_load_that_began_and_ended_in_the_window)
{
	struct shm m;
	struct board *b = open_board(&m);
	struct snapshot *s = snapshot_new(b);

	for (unsigned i = 1; i <= 10; i++) {
		unsigned n = i == 3 ? 10 : i > 3 && i <= 8 ? 20 : 0;

		for (unsigned k = 0; k < n; k++)
			serve_for(board_tally(b, k % WORKERS, k % THREADS),
				  START_NS + (i - 1) * SECOND + k * 40 * MS, 100);
		board_tick(b, START_NS + i * SECOND);
	}
	snapshot_take(s, 10, START_NS + 10 * SECOND);
	evidence_take(&taken, s, 4);
	ck_assert_double_eq_tol(taken.window_s, 10, 1e-9);
	ck_assert_double_eq_tol(taken.loaded_s, 5.5, 1e-6);
	ck_assert_double_eq_tol(taken.arrival_rate, 20, 1e-6);
	ck_assert_double_eq_tol(taken.L_slot, 2, 1e-6);
	ck_assert_double_eq_tol(taken.route[0].rate, 20, 1e-6);
	ck_assert_double_eq(taken.Ca2, 0);
	snapshot_free(&s);
	shm_close(&m);
}
END_TEST

static int read_back(const char *text, char why[200])
{
	return evidence_read_json(&again, text, strlen(text), why, 200);
}

static char *as_json(void)
{
	struct buf text;

	buf_init(&text, 1 << 20);
	evidence_write_json(&text, &taken);
	return buf_steal(&text);
}

START_TEST(json_reads_back_as_it_was)
{
	char why[200] = "", *text;

	take();
	text = as_json();
	ck_assert_msg(read_back(text, why) == 0, "%s", why);
	ck_assert_double_eq(again.window_s, taken.window_s);
	ck_assert_double_eq(again.L_slot, taken.L_slot);
	ck_assert_uint_eq(again.slots, taken.slots);
	ck_assert_uint_eq(again.most, taken.most);
	ck_assert_uint_eq(again.service.count, taken.service.count);
	ck_assert_double_eq_tol(hist_quantile_ns(&again.service, .5),
				hist_quantile_ns(&taken.service, .5), 2e6);
	ck_assert_str_eq(again.route[0].name, taken.route[0].name);
	ck_assert_double_eq(again.route[0].busy_slots, taken.route[0].busy_slots);
	free(text);
}
END_TEST

/* The text with one thing in it replaced. */
static char *spoilt(const char *text, const char *what, const char *with)
{
	const char *at = strstr(text, what);
	struct buf out;

	ck_assert_msg(at != NULL, "%s", what);
	buf_init(&out, 1 << 20);
	buf_append(&out, text, (size_t)(at - text));
	buf_puts(&out, with);
	buf_puts(&out, at + strlen(what));
	return buf_steal(&out);
}

START_TEST(what_was_saved_before_the_most_at_once_was_kept_is_read)
{
	char why[200] = "", *text, *old;

	take();
	text = as_json();
	old = spoilt(text, "\"most\":7,", "");
	ck_assert_msg(read_back(old, why) == 0, "%s", why);
	ck_assert_uint_eq(again.most, 0);
	ck_assert_uint_eq(again.slots, taken.slots);
	free(old);
	free(text);
}
END_TEST

START_TEST(bad_json_is_refused_with_the_key_s_name)
{
	static const struct {
		const char *what, *with, *names;
	} cases[] = {
		{ "\"format\":1", "\"format\":2", "format" },
		{ "\"window_s\":10", "\"window_s\":\"10\"", "window_s" },
		{ "\"slots\":6", "\"slots\":-6", "slots" },
		{ "\"slots\":6", "\"slots\":0", "slots" },
		{ "\"cpus\":4", "\"cpus\":4294967296", "cpus" },
		{ "\"most\":7", "\"most\":-1", "most" },
		{ "\"routes\":[", "\"routes\":[7,", "routes" },
		{ "\"service_ns\":[", "\"service_ns\":[5,", "service_ns" },
		{ "\"service_ns\":[", "\"service_ns\":[[5],", "service_ns" },
		{ "\"service_ns\":[", "\"service_ns\":[[5,-1],", "service_ns" },
		{ "\"wait_ns\"", "\"weight_ns\"", "wait_ns" },
		{ "{", "[", "JSON" },
	};
	char *text;

	take();
	text = as_json();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char why[200] = "", *bad = spoilt(text, cases[i].what, cases[i].with);

		ck_assert_int_lt(read_back(bad, why), 0);
		ck_assert_msg(strstr(why, cases[i].names) != NULL, "%s: %s", cases[i].with, why);
		free(bad);
	}
	free(text);
	char why[200];
	ck_assert_int_lt(read_back("", why), 0);
	ck_assert_int_lt(read_back("null", why), 0);
}
END_TEST

UNIT_SUITE_OF(evidence, what_a_board_tells, a_load_that_began_and_ended_in_the_window,
	      json_reads_back_as_it_was, what_was_saved_before_the_most_at_once_was_kept_is_read,
	      bad_json_is_refused_with_the_key_s_name)
