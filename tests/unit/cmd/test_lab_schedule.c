/* Waits over a schedule, against figures worked out by hand and against queueing theory. */
#include "cmd/lab_schedule.h"

#include "metrics/queueing.h"
#include "unit.h"

static struct targets one = { .count = 1, .target = { { .weight = 1 } } };

static struct lab_schedule constant(double rate, uint64_t requests, const double *service,
				    unsigned slots)
{
	return (struct lab_schedule){ .arrival = ARRIVAL_CONSTANT,
				      .rate = rate,
				      .requests = requests,
				      .seed = 1,
				      .targets = &one,
				      .service = service,
				      .queues = 1,
				      .slots = slots };
}

START_TEST(nobody_waits_below_capacity)
{
	double service = .010;
	struct lab_schedule s = constant(100, 500, &service, 1);
	struct lab_waits w;

	ck_assert_int_eq(lab_schedule_waits(&s, &w), 0);
	ck_assert_double_le(w.longest_wait, 1e-6);
	ck_assert_double_eq_tol(lab_waits_quantile(&w, .99), .010, 1e-6);
	ck_assert_uint_eq(lab_waits_count_above(&w, .011), 0);
	lab_waits_fini(&w);
}
END_TEST

/*
 * 1 s blocked, then each arrival's wait shrinks by 10 ms,
 * as it comes 20 ms later and is served in 10.
 */
START_TEST(a_hog_delays_those_in_its_time_and_as_many_again)
{
	double service = .010;
	struct lab_schedule s = constant(50, 200, &service, 1);
	struct lab_waits w;

	s.blocked_to = 1;
	ck_assert_int_eq(lab_schedule_waits(&s, &w), 0);
	ck_assert_double_eq_tol(w.longest_wait, 1, 1e-6);
	ck_assert_uint_eq(lab_waits_count_above(&w, .010 + .0051), 100);
	ck_assert_double_eq_tol(lab_waits_quantile(&w, 1), 1.010, 1e-6);
	lab_waits_fini(&w);
}
END_TEST

START_TEST(a_stall_holds_up_what_is_being_served)
{
	double service = .010;
	struct lab_schedule s = constant(1, 3, &service, 1);
	struct lab_waits w;

	s.blocked_from = 1.005;
	s.blocked_to = 1.505;
	ck_assert_int_eq(lab_schedule_waits(&s, &w), 0);
	ck_assert_double_eq_tol(lab_waits_quantile(&w, 1), .510, 1e-6);
	ck_assert_uint_eq(lab_waits_count_above(&w, .011), 1);
	lab_waits_fini(&w);
}
END_TEST

START_TEST(a_long_run_agrees_with_theory)
{
	double service = .010;
	struct lab_schedule s = constant(90, 3000000, &service, 1);
	struct lab_waits w;

	s.arrival = ARRIVAL_POISSON;
	ck_assert_int_eq(lab_schedule_waits(&s, &w), 0);
	ck_assert_double_eq_tol(w.mean_wait, queueing_wait_mg1(90, .010, 0), .002);
	/* P(wait > t) = .941 exp(-20.64 t / s), the asymptote of M/D/1 at 90 %. */
	ck_assert_double_eq_tol(lab_waits_quantile(&w, .99), .230, .015);
	lab_waits_fini(&w);
}
END_TEST

START_TEST(queues_of_their_own_are_served_apart)
{
	struct targets two = { .count = 2, .target = { { .weight = 1 }, { .weight = 1 } } };
	const double service[] = { .020, .020 };
	const unsigned queue[] = { 0, 1 };
	struct lab_schedule s = constant(80, 100000, service, 2);
	struct lab_waits pooled, apart;

	s.arrival = ARRIVAL_POISSON;
	s.targets = &two;
	ck_assert_int_eq(lab_schedule_waits(&s, &pooled), 0);
	s.queue = queue;
	s.queues = 2;
	s.slots = 1;
	ck_assert_int_eq(lab_schedule_waits(&s, &apart), 0);
	ck_assert_double_eq_tol(apart.mean_wait, queueing_wait_mg1(40, .020, 0), .004);
	ck_assert_double_gt(apart.mean_wait, 1.7 * pooled.mean_wait);
	lab_waits_fini(&pooled);
	lab_waits_fini(&apart);
}
END_TEST

UNIT_SUITE_OF(lab_schedule, nobody_waits_below_capacity,
	      a_hog_delays_those_in_its_time_and_as_many_again,
	      a_stall_holds_up_what_is_being_served, a_long_run_agrees_with_theory,
	      queues_of_their_own_are_served_apart)
