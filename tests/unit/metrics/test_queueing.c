/* Formulas, against published and computed values. */
#include "metrics/queueing.h"

#include <errno.h>
#include <math.h>

#include "unit.h"

#define NEAR(value, expected, part) \
	ck_assert_double_eq_tol(value, expected, fabs((double)(expected)) * (part))

/* Erlang's tables: 5 % of the calls are lost at these loads (any telephone textbook). */
START_TEST(erlang_b_is_the_table_s)
{
	static const struct {
		unsigned c;
		double a, b;
	} table[] = {
		{ 1, 0.0526, .05 }, { 5, 2.22, .05 },  { 10, 6.22, .05 },
		{ 20, 15.2, .05 },  { 50, 44.5, .05 }, { 5, 1.36, .01 },
		{ 10, 4.46, .01 },  { 20, 12.0, .01 }, { 100, 84.1, .01 },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		NEAR(erlang_b(table[i].c, table[i].a), table[i].b, 0.025);
	ck_assert_double_eq(erlang_b(4, 0), 0);
}
END_TEST

/* octave-queueing's qsmmm(lambda, 1/S, c) */
START_TEST(waits_of_mmc)
{
	static const struct {
		unsigned c;
		double wait;
	} at_80[] = { { 1, 4.0 }, { 2, 1.7778 }, { 5, 0.55411 }, { 8, 0.28596 }, { 40, 0.015074 } };

	for (size_t i = 0; i < sizeof at_80 / sizeof *at_80; i++)
		NEAR(queueing_wait_mmc(at_80[i].c, .8 * at_80[i].c, 1), at_80[i].wait, 0.005);
	NEAR(erlang_c(1, .7), .7, 1e-12);
	ck_assert(isinf(queueing_wait_mmc(2, 2, 1)));
	ck_assert_double_eq(erlang_c(2, 3), 1);
}
END_TEST

START_TEST(tails_of_mmc)
{
	NEAR(queueing_wait_tail_mmc(1, .5, 1, 0), .5, 1e-12);
	NEAR(queueing_wait_tail_mmc(1, .5, 1, 2), .5 * exp(-1), 1e-12);
	ck_assert_double_eq(queueing_wait_tail_mmc(1, 2, 1, 10), 1);
}
END_TEST

START_TEST(one_slot_with_any_service)
{
	/* Fixed times wait half as long as exponential ones. */
	NEAR(queueing_wait_mg1(90, .01, 0), .045, 1e-9);
	NEAR(queueing_wait_mg1(90, .01, 1), queueing_wait_mmc(1, 90, .01), 1e-9);
	/* 99 % 10 ms and 1 % 5 s: measured against a simulation of two million arrivals. */
	NEAR(queueing_wait_mg1(5, .0599, 68.7), .893, .01);
	NEAR(queueing_wait_ggc(8, 100, .0599, 1, 68.7), .368, .01);
	NEAR(queueing_wait_ggc(1, 90, .01, 1, 0), .045, 1e-9);
}
END_TEST

START_TEST(slots_for_a_load)
{
	ck_assert_uint_eq(queueing_slots_for(40, 1, 1), 40);
	ck_assert_uint_eq(queueing_slots_for(40.1, 1, 1), 41);
	ck_assert_uint_eq(queueing_slots_for(100, .1, .8), 13);
	ck_assert_uint_eq(queueing_slots_for(0, .1, .8), 1);
}
END_TEST

START_TEST(a_lock_bounds_its_process)
{
	/* One thread: no waiting.  Many: the lock is always held. */
	NEAR(queueing_locked_throughput(1, .01, .05), 1 / .06, 1e-9);
	NEAR(queueing_locked_throughput(100, .01, .05), 100, .001);
	ck_assert_double_lt(queueing_locked_throughput(6, .01, .05), 100);
	/* Two customers, by hand: R = s(1 + X1 s), X = 2 / (R + b). */
	double x1 = 1 / .03, r2 = .01 * (1 + x1 * .01);
	NEAR(queueing_locked_throughput(2, .01, .02), 2 / (r2 + .02), 1e-9);
}
END_TEST

START_TEST(the_scalability_law_is_found_again)
{
	const struct usl truth = { .gamma = 995.6, .alpha = .0267, .beta = .00077 };
	double N[8], X[8];
	struct usl fit;

	for (unsigned i = 0; i < 8; i++) {
		N[i] = 1 << i;
		X[i] = usl_throughput(&truth, N[i]) * (1 + (i % 2 ? .01 : -.01));
	}
	ck_assert_int_eq(usl_fit(&fit, N, X, 8), 0);
	NEAR(fit.gamma, truth.gamma, .03);
	NEAR(fit.alpha, truth.alpha, .2);
	NEAR(fit.beta, truth.beta, .1);
	NEAR(fit.peak, 35.6, .1);
	ck_assert_double_gt(fit.r2, .99);
}
END_TEST

START_TEST(the_knee_is_where_straight_growth_meets_the_ceiling)
{
	const struct usl peaked = { .gamma = 100, .alpha = 0, .beta = .01, .peak = 10 };
	const struct usl flat = { .gamma = 100, .alpha = .1, .peak = INFINITY };
	const struct usl straight = { .gamma = 100, .peak = INFINITY };
	const struct usl falling = { .gamma = 100, .alpha = 1, .beta = .5, .peak = 0 };
	const struct usl sinking = { .gamma = 100, .alpha = 2, .peak = INFINITY };

	NEAR(usl_ceiling(&peaked), 1000 / 1.9, 1e-9);
	NEAR(usl_knee(&peaked), 10 / 1.9, 1e-9);
	NEAR(usl_ceiling(&flat), 1000, 1e-9);
	NEAR(usl_knee(&flat), 10, 1e-9);
	ck_assert(isinf(usl_ceiling(&straight)) && isinf(usl_knee(&straight)));
	NEAR(usl_ceiling(&falling), 100, 1e-9);
	NEAR(usl_knee(&falling), 1, 1e-9);
	NEAR(usl_ceiling(&sinking), 100, 1e-9);
	NEAR(usl_knee(&sinking), 1, 1e-9);
}
END_TEST

START_TEST(straight_lines_have_no_peak)
{
	const double N[] = { 1, 2, 4, 8 }, X[] = { 100, 201, 401, 802 };
	struct usl fit;

	ck_assert_int_eq(usl_fit(&fit, N, X, 4), 0);
	ck_assert_double_ge(fit.alpha, 0);
	ck_assert_double_ge(fit.beta, 0);
	ck_assert(isinf(fit.peak));
	ck_assert_int_eq(usl_fit(&fit, N, X, 2), -EINVAL);
	const double same[] = { 4, 4, 4, 8 }, none[] = { 100, 0, 1, 1 };
	ck_assert_int_eq(usl_fit(&fit, same, X, 4), -EINVAL);
	ck_assert_int_eq(usl_fit(&fit, N, none, 4), -EINVAL);
}
END_TEST

UNIT_SUITE_OF(queueing, erlang_b_is_the_table_s, waits_of_mmc, tails_of_mmc,
	      one_slot_with_any_service, slots_for_a_load, a_lock_bounds_its_process,
	      the_scalability_law_is_found_again,
	      the_knee_is_where_straight_growth_meets_the_ceiling, straight_lines_have_no_peak)
