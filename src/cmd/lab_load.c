/* One run of the generator.  Runs in: the lab's process, one thread. */
#include "cmd/lab_load.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cmd/bench_client.h"

#define ARGUMENTS_MAX (TARGETS_MAX + 16)
#define LINE_MAX_BYTES 16384

volatile sig_atomic_t lab_is_interrupted;

static void write_line(struct buf *line, const struct lab_load *load)
{
	buf_printf(line, "bench --requests %lu --seed %lu ", load->requests,
		   load->seed ? load->seed : 1);
	if (load->rate > 0)
		buf_printf(line, "--rate %.17g --arrival %s ", load->rate,
			   load->is_constant ? "constant" : "poisson");
	else
		buf_printf(line, "--concurrency %u ", load->users);
	buf_append(line, load->urls->at, load->urls->len);
	buf_append(line, "", 1);
}

int lab_load_options(struct bench_options *o, const struct lab_load *load, struct buf *why)
{
	char *arguments[ARGUMENTS_MAX + 1], *rest = NULL;
	struct buf line;
	int n = 0;

	buf_init(&line, LINE_MAX_BYTES);
	write_line(&line, load);
	if (line.is_short) {
		buf_fini(&line);
		memset(o, 0, sizeof *o);
		buf_puts(why, strerror(ENOMEM));
		return -ENOMEM;
	}
	for (char *at = strtok_r(line.at, " ", &rest); at && n < ARGUMENTS_MAX;
	     at = strtok_r(NULL, " ", &rest))
		arguments[n++] = at;
	arguments[n] = NULL;
	int error = bench_options_parse(o, n, arguments, why);
	buf_fini(&line);
	return error;
}

uint64_t lab_count_above(const struct hist_sum *h, uint64_t ns)
{
	uint64_t count = 0;

	for (unsigned i = hist_bucket_of(ns) + 1; i < h->high; i++)
		count += h->bucket[i];
	return count;
}

/* The law holds for the run: L = X W, but for what was in flight at the window's edges. */
static void note_law(struct lab_trial *t, const struct flow_law *law)
{
	double off = fmax(fabs(law->L - law->XW) - fabs(law->edge), 0);
	double gap = law->L > 0 ? off / law->L : 0;

	t->runs++;
	t->gap = fmax(t->gap, gap);
	if (fabs(law->residual) > fabs(t->residual))
		t->residual = law->residual;
}

static void note(struct lab_seen *seen, const struct result *r)
{
	struct flow_law law = flow_law(&r->flow);

	memset(seen, 0, sizeof *seen);
	seen->makespan_s = law.window_s;
	seen->rps = law.X;
	seen->L = law.L;
	seen->XW = law.XW;
	seen->edge = law.edge;
	seen->residual = law.residual;
	seen->most = r->flow.max;
	seen->ok = result_total(r, OUTCOME_OK);
	for (unsigned i = 0; i < r->count; i++)
		hist_merge(&seen->latency, &r->target[i].latency);
}

static int check(const struct lab_load *load, const struct result *r, struct buf *why)
{
	if (r->was_stopped || lab_is_interrupted) {
		buf_puts(why, "interrupted");
		return -EINTR;
	}
	if (result_total(r, OUTCOME_OK) == load->requests)
		return 0;
	buf_printf(why, "%lu of %lu requests had a good answer", result_total(r, OUTCOME_OK),
		   load->requests);
	for (enum outcome o = OUTCOME_SHED; o < OUTCOMES; o++)
		if (result_total(r, o))
			buf_printf(why, ", %s %lu", outcome_names[o], result_total(r, o));
	return -EIO;
}

int lab_put_load(struct lab *lab, const struct lab_load *load, struct lab_seen *seen)
{
	struct bench_options o;
	struct result r = { 0 };
	int error = lab_load_options(&o, load, lab->why);

	if (!error && result_init(&r, o.targets.count)) {
		buf_puts(lab->why, strerror(ENOMEM));
		error = -ENOMEM;
	}
	if (!error)
		error = client_run(&o, &r, NULL, lab->why);
	if (!error)
		error = check(load, &r, lab->why);
	if (!error) {
		struct flow_law law = flow_law(&r.flow);

		note(seen, &r);
		note_law(lab->trial, &law);
		lab->trial->is_late |= result_lags(&r);
	}
	result_fini(&r);
	bench_options_fini(&o);
	return error;
}
