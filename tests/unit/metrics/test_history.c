/* What is kept for drawing is what the document says, and the oldest goes first. */
#include "metrics/history.h"

#include <stdlib.h>

#include "metrics/stats.h"
#include "read_json.h"
#include "support.h"
#include "unit.h"

static char *point_text(const struct point *p)
{
	struct buf text;

	buf_init(&text, 1 << 20);
	point_write_json(&text, p);
	return buf_steal(&text);
}

static char *stats_text(const struct snapshot *s)
{
	struct buf text;

	buf_init(&text, 1 << 20);
	stats_write_json(&text, s);
	return buf_steal(&text);
}

START_TEST(a_point_is_what_the_document_says)
{
	static const char *const same[][2] = {
		{ "throughput_rps", "throughput_rps" },
		{ "arrival_rate", "arrival_rate" },
		{ "capacity_rps", "capacity_rps" },
		{ "utilisation", "utilisation" },
		{ "concurrency", "concurrency/total" },
		{ "waiting", "concurrency/waiting" },
		{ "in_service", "concurrency/in_service" },
		{ "W_s", "little/W_s" },
		{ "wait_p50_s", "phases/wait/p50_s" },
		{ "wait_p99_s", "phases/wait/p99_s" },
		{ "service_p50_s", "phases/service/p50_s" },
		{ "service_p99_s", "phases/service/p99_s" },
	};
	struct shm m;
	struct board *b = open_board(&m);
	struct snapshot *s = snapshot_new(b);

	for (unsigned i = 0; i < 7; i++)
		serve_for(board_tally(b, i % WORKERS, i % THREADS), START_NS + i * MS, 100 + i);
	snapshot_take(s, HISTORY_WINDOW_S, START_NS + SECOND);
	struct point p = point_of(s, 5 * SECOND + SECOND / 2);
	char *point = point_text(&p), *stats = stats_text(s);

	ck_assert_double_eq(json_number_at(point, "time_s"), 5.5);
	ck_assert_double_eq(json_number_at(point, "throughput_rps"), 7);
	ck_assert_double_eq_tol(json_number_at(point, "service_p50_s"), 0.103, 0.002);
	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		ck_assert_double_eq_tol(json_number_at(point, same[i][0]),
					json_number_at(stats, same[i][1]), 1e-9);
	free(point);
	free(stats);
	snapshot_free(&s);
	shm_close(&m);
}
END_TEST

static char *written(const struct history *h)
{
	struct buf text;

	buf_init(&text, 1 << 20);
	history_write_json(&text, h);
	return buf_steal(&text);
}

START_TEST(the_oldest_makes_room)
{
	struct history *h = calloc(1, sizeof *h);
	char *text = written(h);

	ck_assert_double_eq(json_number_at(text, "points"), 0);
	ck_assert_ptr_null(json_find(text, "time_s/0"));
	free(text);
	for (unsigned i = 0; i < HISTORY_POINTS + 3; i++) {
		struct point p = { .figure[POINT_time_s] = i };

		history_add(h, &p);
	}
	text = written(h);
	ck_assert_double_eq(json_number_at(text, "points"), HISTORY_POINTS);
	ck_assert_double_eq(json_number_at(text, "time_s/0"), 3);
	ck_assert_double_eq(json_number_at(text, "time_s/599"), HISTORY_POINTS + 2);
	ck_assert_ptr_null(json_find(text, "time_s/600"));
	free(text);
	free(h);
}
END_TEST

UNIT_SUITE_OF(history, a_point_is_what_the_document_says, the_oldest_makes_room)
