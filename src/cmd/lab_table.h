/* The experiments: a row each. */
#ifndef CMD_LAB_TABLE_H
#define CMD_LAB_TABLE_H

#include "cmd/lab_step.h"

struct lab_experiment {
	unsigned number;
	const char *claim;
	const struct lab_step *steps;
	int (*measure)(struct lab *lab); /* what no step can say; NULL: only steps.  Runs behind them. */
	const char *remark;              /* where the claim needs one; NULL: none */
};

extern const struct lab_experiment lab_experiments[];
extern const unsigned lab_experiments_count;

/* NULL: there is none of that number. */
const struct lab_experiment *lab_find(unsigned number);

#endif
