/*
 * What one run of an experiment found: figures, each
 * predicted and measured, and what may have disturbed it.
 *
 * A figure passes or fails by its tolerance alone.  Noise is never a reason to let one pass; it
 * only may turn "fail" into "inconclusive", and only when the kernel or the generator itself says
 * that it was there.
 */
#ifndef CMD_LAB_TRIAL_H
#define CMD_LAB_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

#define LAB_FIGURES_MAX 32
#define LAB_TRIALS 3
#define LAB_OTHERS_LIMIT \
	.05 /* the part of CPU time others took, above which a failure tells nothing */
#define LAB_LAW_LIMIT .02
#define LAB_RESIDUAL_LIMIT 1e-6 /* requests */

enum lab_bound {
	LAB_BETWEEN,
	LAB_AT_MOST,
	LAB_AT_LEAST,
	LAB_SHOWN /* a point of a curve: its fit has the bound */
};

/* Predicted +- (part of it + absolute, in the figure's unit). */
struct lab_tolerance {
	double part, absolute;
	enum lab_bound bound;
};

struct lab_figure {
	char what[80];
	const char *unit; /* "s", "/s" or "" */
	double predicted, measured;
	struct lab_tolerance tolerance;
};

struct lab_trial {
	struct lab_figure figure[LAB_FIGURES_MAX];
	unsigned figures;
	unsigned runs;        /* of the generator */
	double gap, residual; /* of Little's law: the worst of the runs; gap as a part of L */
	double steal, others; /* parts of the CPU time: to other machines, and to other processes */
	bool is_late;         /* the generator could not keep its schedule */
	char note[600];       /* what else was seen */
};

enum lab_verdict { LAB_PASS, LAB_FAIL, LAB_INCONCLUSIVE, LAB_VERDICTS };
extern const char *const lab_verdict_names[LAB_VERDICTS];

bool lab_figure_is_bounded(const struct lab_figure *f);
double lab_figure_low(const struct lab_figure *f);  /* -INFINITY: no bound */
double lab_figure_high(const struct lab_figure *f); /* INFINITY: no bound */
bool lab_figure_holds(const struct lab_figure *f);

bool lab_law_holds(const struct lab_trial *t);
bool lab_trial_holds(const struct lab_trial *t);
bool lab_trial_is_disturbed(const struct lab_trial *t);

void lab_trial_add(struct lab_trial *t, const struct lab_figure *f);

/*
 * Several trials of one experiment, drawn together: of each figure, of what others took and of the
 * law's terms the median.  `count` is 1 to LAB_TRIALS; all have the same figures.
 */
void lab_trials_median(struct lab_trial *median, const struct lab_trial *trials, unsigned count);

/* Fail becomes inconclusive when most of the trials were disturbed. */
enum lab_verdict lab_trials_verdict(const struct lab_trial *trials, unsigned count);

#endif
