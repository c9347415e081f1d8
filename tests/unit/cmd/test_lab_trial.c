/*
 * Verdicts: a figure outside its bounds fails, whatever the
 * noise; noise only makes it inconclusive.
 */
#include "cmd/lab_trial.h"

#include <math.h>

#include "unit.h"

static struct lab_trial trial_of(double predicted, double measured, struct lab_tolerance tolerance)
{
	struct lab_figure f = {
		.unit = "s", .predicted = predicted, .measured = measured, .tolerance = tolerance
	};
	struct lab_trial t = { .runs = 1 };

	lab_trial_add(&t, &f);
	return t;
}

static const struct lab_tolerance of_time = { .part = .08, .absolute = .02 };

START_TEST(bounds_are_a_part_and_an_absolute)
{
	struct lab_figure f = { .predicted = 2, .tolerance = of_time };

	ck_assert_double_eq_tol(lab_figure_low(&f), 1.82, 1e-12);
	ck_assert_double_eq_tol(lab_figure_high(&f), 2.18, 1e-12);
	f.measured = 2.19;
	ck_assert(!lab_figure_holds(&f));
	f.measured = 1.81;
	ck_assert(!lab_figure_holds(&f));
	f.measured = 2.17;
	ck_assert(lab_figure_holds(&f));
}
END_TEST

START_TEST(bounds_may_be_one_sided)
{
	struct lab_figure f = { .predicted = .98,
				.measured = 5,
				.tolerance = { .bound = LAB_AT_LEAST } };

	ck_assert(isinf(lab_figure_high(&f)) && lab_figure_holds(&f));
	f.tolerance.bound = LAB_AT_MOST;
	ck_assert(isinf(lab_figure_low(&f)) && !lab_figure_holds(&f));
	f.measured = .5;
	ck_assert(lab_figure_holds(&f));
}
END_TEST

START_TEST(what_is_not_a_number_does_not_hold)
{
	struct lab_figure f = { .predicted = 1, .measured = NAN, .tolerance = of_time };

	ck_assert(!lab_figure_holds(&f));
}
END_TEST

/* As when the server of experiment 1 had 39 slots. */
START_TEST(too_few_slots_fail)
{
	struct lab_trial t = trial_of(1, 2, of_time);

	ck_assert_int_eq(lab_trials_verdict(&t, 1), LAB_FAIL);
}
END_TEST

START_TEST(a_broken_law_fails)
{
	struct lab_trial t = trial_of(1, 1, of_time);

	ck_assert_int_eq(lab_trials_verdict(&t, 1), LAB_PASS);
	t.gap = .021;
	ck_assert_int_eq(lab_trials_verdict(&t, 1), LAB_FAIL);
	t.gap = 0;
	t.residual = -.001;
	ck_assert_int_eq(lab_trials_verdict(&t, 1), LAB_FAIL);
}
END_TEST

START_TEST(a_trial_without_figures_fails)
{
	struct lab_trial t = { .runs = 1 };

	ck_assert_int_eq(lab_trials_verdict(&t, 1), LAB_FAIL);
}
END_TEST

START_TEST(the_median_of_three_decides)
{
	struct lab_trial t[] = { trial_of(1, 1.5, of_time), trial_of(1, 1.05, of_time),
				 trial_of(1, .95, of_time) };
	struct lab_trial median;

	lab_trials_median(&median, t, 3);
	ck_assert_double_eq(median.figure[0].measured, 1.05);
	ck_assert_int_eq(lab_trials_verdict(t, 3), LAB_PASS);
	t[2] = trial_of(1, 1.4, of_time);
	ck_assert_int_eq(lab_trials_verdict(t, 3), LAB_FAIL);
}
END_TEST

START_TEST(most_trials_must_be_disturbed_to_be_inconclusive)
{
	struct lab_trial t[] = { trial_of(1, 1.5, of_time), trial_of(1, 1.5, of_time),
				 trial_of(1, 1.5, of_time) };

	t[0].steal = .06;
	ck_assert_int_eq(lab_trials_verdict(t, 3), LAB_FAIL);
	t[1].steal = LAB_OTHERS_LIMIT;
	ck_assert_int_eq(lab_trials_verdict(t, 3), LAB_FAIL);
	t[1].is_late = true;
	ck_assert_int_eq(lab_trials_verdict(t, 3), LAB_INCONCLUSIVE);
	t[1].is_late = false;
	t[1].others = .01; /* together they took more than the limit */
	ck_assert_int_eq(lab_trials_verdict(t, 3), LAB_INCONCLUSIVE);
}
END_TEST

START_TEST(a_curve_s_point_is_shown_and_its_fit_decides)
{
	struct lab_figure fit = { .predicted = .98,
				  .measured = .97,
				  .tolerance = { .bound = LAB_AT_LEAST } };
	struct lab_trial t = trial_of(100, 50, (struct lab_tolerance){ .bound = LAB_SHOWN });

	ck_assert(!lab_figure_is_bounded(&t.figure[0]) && lab_figure_holds(&t.figure[0]));
	ck_assert(isinf(lab_figure_low(&t.figure[0])) && isinf(lab_figure_high(&t.figure[0])));
	lab_trial_add(&t, &fit);
	ck_assert_int_eq(lab_trials_verdict(&t, 1), LAB_FAIL);
	t.figure[1].measured = .99;
	ck_assert_int_eq(lab_trials_verdict(&t, 1), LAB_PASS);
}
END_TEST

START_TEST(noise_does_not_spoil_what_holds)
{
	struct lab_trial t = trial_of(1, 1, of_time);

	t.steal = .5;
	ck_assert_int_eq(lab_trials_verdict(&t, 1), LAB_PASS);
}
END_TEST

UNIT_SUITE_OF(lab_trial, bounds_are_a_part_and_an_absolute, bounds_may_be_one_sided,
	      what_is_not_a_number_does_not_hold, too_few_slots_fail, a_broken_law_fails,
	      a_trial_without_figures_fails, the_median_of_three_decides,
	      most_trials_must_be_disturbed_to_be_inconclusive, noise_does_not_spoil_what_holds,
	      a_curve_s_point_is_shown_and_its_fit_decides)
