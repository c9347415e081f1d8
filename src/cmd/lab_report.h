/* What the lab found, as text, JSON and one HTML page. */
#ifndef CMD_LAB_REPORT_H
#define CMD_LAB_REPORT_H

#include "base/buf.h"
#include "cmd/lab_table.h"

struct lab_outcome {
	const struct lab_experiment *experiment;
	enum lab_verdict verdict;
	unsigned trials;
	struct lab_trial median;
	char error[300]; /* why it could not be measured; "": it was */
};

struct lab_report {
	double scale;
	unsigned cpus;
	const struct lab_outcome *outcome;
	unsigned count, by_verdict[LAB_VERDICTS];
};

/* "pass", "fail", or "-" of what has no bound. */
const char *lab_figure_verdict(const struct lab_figure *f);

/* One line, ending in the verdict; and everything. */
void lab_report_line(struct buf *out, const struct lab_outcome *o);
void lab_report_text(struct buf *out, const struct lab_outcome *o);
void lab_report_sum(struct buf *out, const struct lab_report *r);
void lab_report_json(struct buf *out, const struct lab_report *r);
void lab_report_html(struct buf *out, const struct lab_report *r);

/* "1.00 s", "20 ms", "993.1 /s", "40". */
void lab_format(struct buf *out, double value, const char *unit);

#endif
