/* The lab's report as text and JSON.  Pure.  Runs in: any. */
#include "cmd/lab_report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <littled/version.h>

#include "metrics/json.h"

#define CLAIM_WIDTH 72

void lab_format(struct buf *out, double value, const char *unit)
{
	if (strcmp(unit, "s") == 0 && fabs(value) < .1)
		buf_printf(out, "%.2f ms", value * 1e3);
	else if (strcmp(unit, "s") == 0)
		buf_printf(out, "%.3f s", value);
	else
		buf_printf(out, "%.5g%s%s", value, *unit ? " " : "", unit);
}

static void format_bounds(struct buf *out, const struct lab_figure *f)
{
	double low = lab_figure_low(f), high = lab_figure_high(f);

	if (!lab_figure_is_bounded(f)) {
		buf_puts(out, "-");
	} else if (isinf(low)) {
		buf_puts(out, "at most ");
		lab_format(out, high, f->unit);
	} else if (isinf(high)) {
		buf_puts(out, "at least ");
		lab_format(out, low, f->unit);
	} else if (low >= high) {
		buf_puts(out, "exact");
	} else {
		lab_format(out, low, f->unit);
		buf_puts(out, " .. ");
		lab_format(out, high, f->unit);
	}
}

/* The figure that tells most: the first that does not hold, or the first that must. */
static const struct lab_figure *telling(const struct lab_trial *t)
{
	const struct lab_figure *first = NULL;

	for (unsigned i = t->figures; i-- > 0;)
		if (lab_figure_is_bounded(&t->figure[i]))
			first = &t->figure[i];
	for (unsigned i = 0; i < t->figures; i++)
		if (!lab_figure_holds(&t->figure[i]))
			return &t->figure[i];
	return first;
}

const char *lab_figure_verdict(const struct lab_figure *f)
{
	if (!lab_figure_is_bounded(f))
		return "-";
	return lab_verdict_names[lab_figure_holds(f) ? LAB_PASS : LAB_FAIL];
}

void lab_report_line(struct buf *out, const struct lab_outcome *o)
{
	const struct lab_figure *f = telling(&o->median);

	buf_printf(out, "%2u  %-*s ", o->experiment->number, CLAIM_WIDTH, o->experiment->claim);
	if (o->error[0]) {
		buf_printf(out, "%s  ", o->error);
	} else if (f) {
		buf_printf(out, "%s: ", f->what);
		lab_format(out, f->measured, f->unit);
		buf_puts(out, " (");
		lab_format(out, f->predicted, f->unit);
		buf_puts(out, ")  ");
	}
	buf_printf(out, "%s\n", lab_verdict_names[o->verdict]);
}

/* One cell, as wide as its column. */
static void put_cell(struct buf *out, int width, const struct buf *cell)
{
	buf_printf(out, " %*.*s", width, (int)cell->len, cell->at ? cell->at : "");
}

static void text_row(struct buf *out, const struct lab_figure *f)
{
	struct buf cell;

	buf_init(&cell, 256);
	buf_printf(out, "  %-52s", f->what);
	lab_format(&cell, f->predicted, f->unit);
	put_cell(out, 12, &cell);
	buf_reset(&cell);
	lab_format(&cell, f->measured, f->unit);
	put_cell(out, 12, &cell);
	buf_reset(&cell);
	format_bounds(&cell, f);
	put_cell(out, 26, &cell);
	buf_printf(out, "  %s\n", lab_figure_verdict(f));
	buf_fini(&cell);
}

void lab_report_text(struct buf *out, const struct lab_outcome *o)
{
	const struct lab_trial *t = &o->median;

	buf_printf(out, "%u. %s\n", o->experiment->number, o->experiment->claim);
	if (o->error[0]) {
		buf_printf(out, "  not measured: %s\n\n", o->error);
		return;
	}
	buf_printf(out, "  %-52s %12s %12s %26s  %s\n", "", "predicted", "measured", "tolerance",
		   "verdict");
	for (unsigned i = 0; i < t->figures; i++)
		text_row(out, &t->figure[i]);
	buf_printf(
		out, "  Little's law in %u runs: L and X x W apart by %.2g %% at most, residual %.2g: %s\n",
		t->runs, t->gap * 100, t->residual, lab_law_holds(t) ? "pass" : "fail");
	if (o->trials > 1)
		buf_printf(out, "  measured %u times: the medians are shown\n", o->trials);
	if (lab_trial_is_disturbed(t))
		buf_printf(
			out, "  disturbed: other processes took %.1f %% of the CPUs, other machines %.1f %%%s\n",
			t->others * 100, t->steal * 100,
			t->is_late ? "; the generator was late" : "");
	if (t->note[0])
		buf_printf(out, "  %s\n", t->note);
	if (o->experiment->remark)
		buf_printf(out, "  %s\n", o->experiment->remark);
	buf_printf(out, "  %s\n\n", lab_verdict_names[o->verdict]);
}

/* Its last word is no verdict: scripts look for those at a line's end. */
void lab_report_sum(struct buf *out, const struct lab_report *r)
{
	buf_printf(out,
		   "%u experiments at scale %g on %u CPUs: %u passed, %u inconclusive, %u failed\n",
		   r->count, r->scale, r->cpus, r->by_verdict[LAB_PASS],
		   r->by_verdict[LAB_INCONCLUSIVE], r->by_verdict[LAB_FAIL]);
}

static void json_bound(struct json *j, const char *key, double value)
{
	if (isinf(value))
		json_null(j, key);
	else
		json_number(j, key, value);
}

static void json_bool(struct json *j, const char *key, bool value)
{
	json_string(j, key, value ? "pass" : "fail");
}

static void json_figure(struct json *j, const struct lab_figure *f)
{
	json_open_object(j, NULL);
	json_string(j, "what", f->what);
	json_string(j, "unit", f->unit);
	json_number(j, "predicted", f->predicted);
	json_number(j, "measured", f->measured);
	json_bound(j, "low", lab_figure_low(f));
	json_bound(j, "high", lab_figure_high(f));
	json_string(j, "verdict", lab_figure_verdict(f));
	json_close_object(j);
}

static void json_law(struct json *j, const struct lab_trial *t)
{
	json_open_object(j, "little");
	json_count(j, "runs", t->runs);
	json_number(j, "gap", t->gap);
	json_number(j, "residual", t->residual);
	json_bool(j, "verdict", lab_law_holds(t));
	json_close_object(j);
}

static void json_outcome(struct json *j, const struct lab_outcome *o)
{
	json_open_object(j, NULL);
	json_count(j, "number", o->experiment->number);
	json_string(j, "claim", o->experiment->claim);
	json_string(j, "verdict", lab_verdict_names[o->verdict]);
	json_count(j, "trials", o->trials);
	json_number(j, "steal", o->median.steal);
	json_number(j, "others", o->median.others);
	json_open_array(j, "figures");
	for (unsigned i = 0; i < o->median.figures; i++)
		json_figure(j, &o->median.figure[i]);
	json_close_array(j);
	json_law(j, &o->median);
	json_string(j, "note", o->median.note);
	json_string(j, "error", o->error);
	json_close_object(j);
}

void lab_report_json(struct buf *out, const struct lab_report *r)
{
	struct json j = { .out = out };

	json_open_object(&j, NULL);
	json_string(&j, "version", LTD_VERSION);
	json_number(&j, "scale", r->scale);
	json_count(&j, "cpus", r->cpus);
	for (enum lab_verdict v = 0; v < LAB_VERDICTS; v++)
		json_count(&j, lab_verdict_names[v], r->by_verdict[v]);
	json_open_array(&j, "experiments");
	for (unsigned i = 0; i < r->count; i++)
		json_outcome(&j, &r->outcome[i]);
	json_close_array(&j);
	json_close_object(&j);
	buf_puts(out, "\n");
}
