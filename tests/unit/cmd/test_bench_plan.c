/* The schedule: reproducible, of the right rate and shape, independent of anything else. */
#include "cmd/bench_plan.h"

#include <math.h>

#include "unit.h"

#define ARRIVALS 200000

static struct targets mix(double first, double second)
{
	struct targets t = { .count = 2 };

	t.target[0].weight = first;
	t.target[1].weight = second;
	return t;
}

START_TEST(constant_arrivals_are_evenly_spaced)
{
	struct targets t = mix(1, 1);
	struct plan p;

	plan_init(&p, ARRIVAL_CONSTANT, 250, 1, &t);
	for (uint64_t i = 0; i < 1000; i++)
		ck_assert_uint_eq(plan_next(&p).at_ns, i * 4000000);
}
END_TEST

START_TEST(poisson_gaps_are_exponential)
{
	struct targets t = mix(1, 1);
	double mean = 0, square = 0, beyond = 0;
	uint64_t last = 0;
	struct plan p;

	plan_init(&p, ARRIVAL_POISSON, 1000, 7, &t);
	for (int i = 0; i < ARRIVALS; i++) {
		uint64_t at = plan_next(&p).at_ns;
		double gap = (double)(at - last) / 1e6;

		ck_assert_uint_ge(at, last);
		mean += gap / ARRIVALS;
		square += gap * gap / ARRIVALS;
		beyond += gap > 2 ? 1.0 / ARRIVALS : 0;
		last = at;
	}
	/* Gaps of mean 1 ms: variance 1, and P(gap > 2 ms) = exp(-2); five standard errors. */
	ck_assert_double_eq_tol(mean, 1, 5 / sqrt(ARRIVALS));
	ck_assert_double_eq_tol(square - mean * mean, 1, 5 * sqrt(8.0 / ARRIVALS));
	ck_assert_double_eq_tol(beyond, exp(-2), 5 * sqrt(.117 / ARRIVALS));
}
END_TEST

START_TEST(the_same_seed_gives_the_same_schedule)
{
	struct targets t = mix(9, 1);
	struct plan a, b, other;
	int differing = 0;

	plan_init(&a, ARRIVAL_POISSON, 100, 42, &t);
	plan_init(&b, ARRIVAL_POISSON, 100, 42, &t);
	plan_init(&other, ARRIVAL_POISSON, 100, 43, &t);
	for (int i = 0; i < 1000; i++) {
		struct planned x = plan_next(&a), y = plan_next(&b), z = plan_next(&other);

		ck_assert_uint_eq(x.at_ns, y.at_ns);
		ck_assert_uint_eq(x.target, y.target);
		differing += x.at_ns != z.at_ns;
	}
	ck_assert_int_gt(differing, 990);
}
END_TEST

START_TEST(the_order_of_targets_does_not_depend_on_the_rate)
{
	struct targets t = mix(1, 1);
	struct plan slow, fast;

	plan_init(&slow, ARRIVAL_POISSON, 10, 3, &t);
	plan_init(&fast, ARRIVAL_CONSTANT, 10000, 3, &t);
	for (int i = 0; i < 1000; i++)
		ck_assert_uint_eq(plan_next(&slow).target, plan_next(&fast).target);
}
END_TEST

START_TEST(targets_come_by_weight)
{
	struct targets t = mix(90, 10);
	int second = 0;
	struct plan p;

	plan_init(&p, ARRIVAL_POISSON, 1, 5, &t);
	for (int i = 0; i < ARRIVALS; i++)
		second += plan_choose(&p) == 1;
	ck_assert_double_eq_tol((double)second / ARRIVALS, .1, 5 * sqrt(.09 / ARRIVALS));
}
END_TEST

UNIT_SUITE_OF(bench_plan, constant_arrivals_are_evenly_spaced, poisson_gaps_are_exponential,
	      the_same_seed_gives_the_same_schedule,
	      the_order_of_targets_does_not_depend_on_the_rate, targets_come_by_weight)
