/* Verdicts.  Pure.  Runs in: any. */
#include "cmd/lab_trial.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>

const char *const lab_verdict_names[LAB_VERDICTS] = {
	[LAB_PASS] = "pass",
	[LAB_FAIL] = "fail",
	[LAB_INCONCLUSIVE] = "inconclusive",
};

static double slack(const struct lab_figure *f)
{
	return fabs(f->predicted) * f->tolerance.part + f->tolerance.absolute;
}

bool lab_figure_is_bounded(const struct lab_figure *f)
{
	return f->tolerance.bound != LAB_SHOWN;
}

static bool has_bound(const struct lab_figure *f, enum lab_bound one_sided)
{
	return f->tolerance.bound == LAB_BETWEEN || f->tolerance.bound == one_sided;
}

double lab_figure_low(const struct lab_figure *f)
{
	return has_bound(f, LAB_AT_LEAST) ? f->predicted - slack(f) : -INFINITY;
}

double lab_figure_high(const struct lab_figure *f)
{
	return has_bound(f, LAB_AT_MOST) ? f->predicted + slack(f) : INFINITY;
}

bool lab_figure_holds(const struct lab_figure *f)
{
	return f->measured >= lab_figure_low(f) && f->measured <= lab_figure_high(f);
}

bool lab_law_holds(const struct lab_trial *t)
{
	return t->gap <= LAB_LAW_LIMIT && fabs(t->residual) <= LAB_RESIDUAL_LIMIT;
}

bool lab_trial_holds(const struct lab_trial *t)
{
	for (unsigned i = 0; i < t->figures; i++)
		if (!lab_figure_holds(&t->figure[i]))
			return false;
	return t->figures > 0 && lab_law_holds(t);
}

bool lab_trial_is_disturbed(const struct lab_trial *t)
{
	return t->steal + t->others > LAB_OTHERS_LIMIT || t->is_late;
}

void lab_trial_add(struct lab_trial *t, const struct lab_figure *f)
{
	assert(t->figures < LAB_FIGURES_MAX);
	t->figure[t->figures++] = *f;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median_of(double *values, unsigned count)
{
	qsort(values, count, sizeof *values, compare);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* The median of the double that lies so many bytes into each trial. */
static double median_at(const struct lab_trial *trials, unsigned count, size_t offset)
{
	double values[LAB_TRIALS];

	for (unsigned i = 0; i < count; i++)
		values[i] = *(const double *)((const char *)&trials[i] + offset);
	return median_of(values, count);
}

void lab_trials_median(struct lab_trial *median, const struct lab_trial *trials, unsigned count)
{
	assert(count >= 1 && count <= LAB_TRIALS);
	*median = trials[count - 1];
	for (unsigned i = 0; i < median->figures; i++) {
		size_t at = offsetof(struct lab_trial, figure) + i * sizeof(struct lab_figure);
		struct lab_figure *f = &median->figure[i];

		f->measured = median_at(trials, count, at + offsetof(struct lab_figure, measured));
		f->predicted = median_at(trials, count, at + offsetof(struct lab_figure, predicted));
	}
	median->gap = median_at(trials, count, offsetof(struct lab_trial, gap));
	median->residual = median_at(trials, count, offsetof(struct lab_trial, residual));
	median->steal = median_at(trials, count, offsetof(struct lab_trial, steal));
	median->others = median_at(trials, count, offsetof(struct lab_trial, others));
}

enum lab_verdict lab_trials_verdict(const struct lab_trial *trials, unsigned count)
{
	struct lab_trial median;
	unsigned disturbed = 0;

	lab_trials_median(&median, trials, count);
	if (lab_trial_holds(&median))
		return LAB_PASS;
	for (unsigned i = 0; i < count; i++)
		disturbed += lab_trial_is_disturbed(&trials[i]);
	return 2 * disturbed > count ? LAB_INCONCLUSIVE : LAB_FAIL;
}
