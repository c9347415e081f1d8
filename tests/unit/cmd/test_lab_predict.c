/* Predictions against figures worked out by hand. */
#include "cmd/lab_predict.h"

#include "unit.h"

static struct lab_case at_once(uint64_t jobs, unsigned processes, unsigned threads, double S)
{
	return (struct lab_case){ .jobs = jobs,
				  .users = (unsigned)jobs,
				  .slots = processes * threads,
				  .processes = processes,
				  .cpus = 2,
				  .blocked = S };
}

START_TEST(jobs_come_in_rounds)
{
	static const struct {
		uint64_t jobs;
		double makespan, late, queue;
	} rows[] = { { 40, 1, 0, 0 },
		     { 41, 2, 1, 1 },
		     { 80, 2, 40, 1 },
		     { 81, 3, 41, 2 },
		     { 120, 3, 80, 2 } };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct lab_case c = at_once(rows[i].jobs, 5, 8, 1);

		ck_assert_double_eq(lab_predict_makespan_blocking(&c), rows[i].makespan);
		ck_assert_double_eq(lab_predict_late(&c), rows[i].late);
		ck_assert_double_eq(lab_predict_queue(&c), rows[i].queue);
		ck_assert_double_eq(lab_predict_peak(&c), (double)rows[i].jobs);
	}
}
END_TEST

START_TEST(computing_is_bounded_by_cpus_and_by_locks)
{
	struct lab_case c = at_once(4, 1, 4, 0);

	c.locked = .5;
	ck_assert_double_eq(lab_predict_makespan_computing(&c), 1);
	ck_assert_double_eq(lab_predict_makespan_locked(&c), 2);
	c.cpus = 1;
	ck_assert_double_eq(lab_predict_makespan_computing(&c), 2);
	c.cpus = 8;
	ck_assert_double_eq(lab_predict_makespan_computing(&c), .5);
}
END_TEST

START_TEST(rates_are_slots_over_service)
{
	struct lab_case c = { .users = 8, .slots = 40, .processes = 1, .cpus = 2, .blocked = .010 };

	ck_assert_double_eq_tol(lab_predict_rps_blocking(&c), 800, 1e-9);
	c.overhead = .0025;
	ck_assert_double_eq_tol(lab_predict_rps_blocking(&c), 640, 1e-9);
	ck_assert_double_eq(lab_predict_L(&c), 8);
}
END_TEST

START_TEST(one_lock_is_one_cpu)
{
	struct lab_case c = { .users = 8, .slots = 8, .processes = 1, .cpus = 4, .locked = .010 };

	ck_assert_double_eq_tol(lab_predict_rps_locked(&c), 100, 1e-9);
	ck_assert_double_eq_tol(lab_predict_rps_computing(&c), 400, 1e-9);
	ck_assert_double_eq_tol(lab_predict_latency_locked(&c), .08, 1e-9);
	c.blocked = .050;
	ck_assert_double_eq_tol(lab_predict_rps_mixed(&c), 100, 1e-9);
	c.jobs = 100; /* a second of computing, and 50 ms of waiting behind it */
	ck_assert_double_eq_tol(lab_predict_rps_mixed(&c), 100 / 1.05, 1e-9);
	c.users = 3;
	ck_assert_double_eq_tol(lab_predict_rps_mixed(&c), 50, 1e-9);
}
END_TEST

/* Worked out by hand: errors of 1, 0, 1 squared; deviations from the mean of 2: 1, 0, 1. */
START_TEST(r2_is_what_a_curve_explains)
{
	static const double measured[] = { 1, 2, 3 }, flat[] = { 2, 2, 2 }, off[] = { 1, 2, 2 };

	ck_assert_double_eq(lab_r2(measured, measured, 3), 1);
	ck_assert_double_eq(lab_r2(flat, measured, 3), 0);
	ck_assert_double_eq(lab_r2(off, measured, 3), .5);
}
END_TEST

/* Of two halves: ln(4/3) and ln 4, stretched so that their mean is 3. */
START_TEST(lengths_are_exponential_and_have_their_mean)
{
	double lengths[2];

	lab_exponential_lengths(lengths, 2, 3);
	ck_assert_double_eq_tol(lengths[0] + lengths[1], 6, 1e-12);
	ck_assert_double_eq_tol(lengths[1] / lengths[0], 1.3862943611 / .2876820724, 1e-8);
}
END_TEST

UNIT_SUITE_OF(lab_predict, jobs_come_in_rounds, computing_is_bounded_by_cpus_and_by_locks,
	      rates_are_slots_over_service, one_lock_is_one_cpu, r2_is_what_a_curve_explains,
	      lengths_are_exponential_and_have_their_mean)
