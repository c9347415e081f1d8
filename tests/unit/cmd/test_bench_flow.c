/* Little's law on the client's side: exact on any schedule. */
#include "cmd/bench_flow.h"

#include <math.h>
#include <stdlib.h>

#include "unit.h"

#define SECOND 1000000000ull
#define REQUESTS 500

START_TEST(two_overlapping_requests_by_hand)
{
	struct flow f;

	flow_init(&f, 0, 0, 10 * SECOND);
	flow_enter(&f, 1 * SECOND, 1 * SECOND);
	flow_enter(&f, 2 * SECOND, 2 * SECOND);
	flow_leave(&f, 1 * SECOND, 5 * SECOND);
	flow_leave(&f, 2 * SECOND, 8 * SECOND);
	flow_close(&f, 10 * SECOND);

	struct flow_law l = flow_law(&f);
	ck_assert_double_eq_tol(l.L, 1.0, 1e-12); /* (4 + 6) / 10 */
	ck_assert_double_eq_tol(l.X, .2, 1e-12);
	ck_assert_double_eq_tol(l.W_s, 5, 1e-12);
	ck_assert_double_eq_tol(l.edge, 0, 1e-12);
	ck_assert_double_eq(l.residual, 0);
	ck_assert_uint_eq(f.max, 2);
}
END_TEST

START_TEST(what_crosses_the_edges_is_accounted_for)
{
	struct flow f;

	flow_init(&f, 0, 10 * SECOND, 20 * SECOND);
	flow_enter(&f, 4 * SECOND, 4 * SECOND);
	flow_leave(&f, 4 * SECOND, 12 * SECOND);
	flow_enter(&f, 15 * SECOND, 15 * SECOND);
	flow_leave(&f, 15 * SECOND, 30 * SECOND);
	flow_close(&f, 31 * SECOND);

	struct flow_law l = flow_law(&f);
	ck_assert_double_eq_tol(l.L, .7, 1e-12);  /* (2 + 5) / 10 */
	ck_assert_double_eq_tol(l.XW, .8, 1e-12); /* 8 / 10: one left, 8 s old */
	ck_assert_double_eq_tol(l.edge, (5. - 6.) / 10, 1e-12);
	ck_assert_double_eq(l.residual, 0);
	ck_assert_uint_eq(f.arrivals, 1);
	ck_assert_uint_eq(f.departures, 1);
	ck_assert_uint_eq(f.at_open.in_flight, 1);
	ck_assert_uint_eq(f.at_close.in_flight, 1);
}
END_TEST

START_TEST(a_late_entry_is_dated_back)
{
	struct flow late, prompt;

	flow_init(&late, 0, 2 * SECOND, 6 * SECOND);
	flow_enter(&late, 1 * SECOND, 5 * SECOND); /* the window opened meanwhile */
	flow_leave(&late, 1 * SECOND, 7 * SECOND);
	flow_init(&prompt, 0, 2 * SECOND, 6 * SECOND);
	flow_enter(&prompt, 1 * SECOND, 1 * SECOND);
	flow_leave(&prompt, 1 * SECOND, 7 * SECOND);

	ck_assert_uint_eq(late.area_ns, prompt.area_ns);
	ck_assert_uint_eq(late.at_open.age_ns, prompt.at_open.age_ns);
	ck_assert_uint_eq(late.at_close.age_ns, prompt.at_close.age_ns);
	ck_assert_double_eq(flow_law(&late).residual, 0);
}
END_TEST

struct event {
	uint64_t at_ns, intended_ns;
	int is_leave;
};

static int by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	return x->is_leave - y->is_leave;
}

static uint64_t random_ns(uint64_t below)
{
	return (uint64_t)(((double)rand() / ((double)RAND_MAX + 1)) * (double)below);
}

START_TEST(the_law_holds_exactly_on_random_schedules)
{
	static struct event events[2 * REQUESTS];
	struct flow f;

	srand((unsigned)_i + 1);
	for (int i = 0; i < REQUESTS; i++) {
		uint64_t intended = random_ns(100 * SECOND), late = random_ns(SECOND / 10);
		uint64_t left = intended + late + random_ns(20 * SECOND);

		events[2 * i] = (struct event){ intended + late, intended, 0 };
		events[2 * i + 1] = (struct event){ left, intended, 1 };
	}
	qsort(events, 2 * REQUESTS, sizeof *events, by_time);

	flow_init(&f, 0, 30 * SECOND + 12345, _i % 2 ? 80 * SECOND + 1 : UINT64_MAX);
	for (int i = 0; i < 2 * REQUESTS; i++) {
		if (events[i].is_leave)
			flow_leave(&f, events[i].intended_ns, events[i].at_ns);
		else
			flow_enter(&f, events[i].intended_ns, events[i].at_ns);
	}
	flow_close(&f, 130 * SECOND);

	struct flow_law l = flow_law(&f);
	ck_assert_double_eq(l.residual, 0);
	ck_assert_double_eq_tol(l.L, l.XW + l.edge, 1e-9 * l.L);
	ck_assert_uint_gt(f.departures, REQUESTS / 4);
	ck_assert_uint_eq(f.at_open.in_flight + f.arrivals, f.departures + f.at_close.in_flight);
}
END_TEST

UNIT_SUITE(bench_flow)
Suite *suite_bench_flow(void)
{
	const TTest *const tests[] = {
		two_overlapping_requests_by_hand,
		what_crosses_the_edges_is_accounted_for,
		a_late_entry_is_dated_back,
	};
	Suite *s = unit_suite("bench_flow", tests, sizeof tests / sizeof *tests);
	TCase *random = tcase_create("random");

	tcase_add_loop_test(random, the_law_holds_exactly_on_random_schedules, 0, 20);
	suite_add_tcase(s, random);
	return s;
}
