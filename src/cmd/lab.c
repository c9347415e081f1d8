/*
 * `littled lab`: which experiments, how often, what came of
 * it.  Runs in: its own process, one thread.
 *
 * An experiment that fails is measured again, up to three times in all; the medians then decide.
 */
#include "cmd/lab.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cpus.h"
#include "cmd/lab_options.h"
#include "cmd/lab_report.h"
#include "cmd/lab_steal.h"

#define WHY_MAX 1024
#define REPORT_MAX (4u << 20)

enum { EXIT_SHOWN, EXIT_NOT_SHOWN, EXIT_USAGE };

static int complain(const struct buf *why, int status)
{
	fprintf(stderr, "littled lab: %.*s\n", (int)why->len, why->at ? why->at : "");
	return status;
}

static void on_signal(int number)
{
	(void)number;
	lab_is_interrupted = 1;
}

/* The generator takes SIGINT itself while it runs: there is one way to be interrupted. */
static void on_terminate(int number)
{
	(void)number;
	raise(SIGINT);
}

/* Again before each trial: the generator leaves the signal as the system has it. */
static void catch_signals(void)
{
	sigaction(SIGINT, &(struct sigaction){ .sa_handler = on_signal }, NULL);
	sigaction(SIGTERM, &(struct sigaction){ .sa_handler = on_terminate }, NULL);
}

static int measure_once(const struct lab_experiment *e, struct lab *lab)
{
	struct lab_cpu_time before = lab_cpu_time_now(), after;
	int error = 0;

	memset(lab->trial, 0, sizeof *lab->trial);
	if (e->steps)
		error = lab_run_steps(lab, e->steps);
	if (!error && e->measure)
		error = e->measure(lab);
	after = lab_cpu_time_now();
	lab->trial->steal = lab_stolen_part(before, after);
	lab->trial->others = lab_others_part(before, after);
	return error;
}

/* One that holds is enough; three that do not all fail have a median. */
static bool wants_more(const struct lab_trial *trials, unsigned count)
{
	return count < LAB_TRIALS && !(count == 1 && lab_trial_holds(&trials[0]));
}

static void measure(struct lab_outcome *o, const struct lab_experiment *e, struct lab *lab)
{
	struct lab_trial trials[LAB_TRIALS];
	int error = 0;

	memset(o, 0, sizeof *o);
	o->experiment = e;
	do {
		lab->trial = &trials[o->trials];
		buf_reset(lab->why);
		error = measure_once(e, lab);
		o->trials += !error;
	} while (!error && wants_more(trials, o->trials));
	if (error) {
		o->verdict = LAB_FAIL;
		snprintf(o->error, sizeof o->error, "%.*s", (int)lab->why->len,
			 lab->why->at ? lab->why->at : "");
		return;
	}
	lab_trials_median(&o->median, trials, o->trials);
	o->verdict = lab_trials_verdict(trials, o->trials);
}

static int print(struct buf *out)
{
	bool is_lost = out->is_short ||
		       (out->len && fwrite(out->at, 1, out->len, stdout) < out->len) ||
		       fflush(stdout) == EOF;

	buf_reset(out);
	return is_lost ? -EIO : 0;
}

static int lose_page(const char *path, struct buf *why)
{
	buf_printf(why, "--html %s: %s", path, strerror(errno));
	return -EIO;
}

/* Before anything is measured.  What an earlier run wrote stays until there is something new. */
static int open_page(FILE **page, const char *path, struct buf *why)
{
	*page = path ? fopen(path, "ae") : NULL;
	return path && !*page ? lose_page(path, why) : 0;
}

/* A pipe or a terminal has nothing to be cut (EINVAL). */
static bool empty_file(FILE *f)
{
	return ftruncate(fileno(f), 0) == 0 || errno == EINVAL;
}

/* Closes it, too. */
static int write_page(FILE *f, const char *path, const struct lab_report *r, struct buf *why)
{
	bool is_written;
	struct buf page;

	buf_init(&page, REPORT_MAX);
	lab_report_html(&page, r);
	is_written = !page.is_short && empty_file(f) && fwrite(page.at, 1, page.len, f) == page.len;
	if (fclose(f))
		is_written = false;
	buf_fini(&page);
	return is_written ? 0 : lose_page(path, why);
}

static int list(void)
{
	for (unsigned i = 0; i < lab_experiments_count; i++)
		printf("%2u  %s\n", lab_experiments[i].number, lab_experiments[i].claim);
	return fflush(stdout) == EOF ? EXIT_NOT_SHOWN : EXIT_SHOWN;
}

/* Text comes as it is found; JSON at the end. */
static int tell(const struct lab_options *o, const struct lab_outcome *outcome, struct buf *out)
{
	if (o->json)
		return 0;
	(o->count > 1 ? lab_report_line : lab_report_text)(out, outcome);
	return print(out);
}

static int run(const struct lab_options *o, struct lab_outcome *outcomes, FILE *page,
	       struct buf *why)
{
	struct lab_report report = { .scale = o->scale, .outcome = outcomes };
	struct lab lab = { .scale = o->scale, .why = why };
	struct cpus cpus;
	struct buf out;
	int error = 0;

	cpus_read(&cpus);
	report.cpus = lab.cpus = cpus_usable(&cpus);
	buf_init(&out, REPORT_MAX);
	while (!error && report.count < o->count && !lab_is_interrupted) {
		struct lab_outcome *outcome = &outcomes[report.count];

		measure(outcome, o->chosen[report.count], &lab);
		report.by_verdict[outcome->verdict]++;
		report.count++;
		error = tell(o, outcome, &out);
	}
	if (o->json)
		lab_report_json(&out, &report);
	else if (o->count > 1)
		lab_report_sum(&out, &report);
	if (!error)
		error = print(&out);
	buf_fini(&out);
	buf_reset(why);
	if (page && write_page(page, o->html, &report, why))
		return complain(why, EXIT_NOT_SHOWN);
	return error || lab_is_interrupted || report.by_verdict[LAB_FAIL] ? EXIT_NOT_SHOWN
									  : EXIT_SHOWN;
}

static int run_chosen(const struct lab_options *o, struct buf *why)
{
	struct lab_outcome *outcomes = calloc(o->count, sizeof *outcomes);
	int status = EXIT_NOT_SHOWN;
	FILE *page;

	if (!outcomes) {
		buf_puts(why, strerror(ENOMEM));
		return complain(why, EXIT_NOT_SHOWN);
	}
	if (open_page(&page, o->html, why)) {
		complain(why, EXIT_NOT_SHOWN);
	} else {
		catch_signals();
		status = run(o, outcomes, page, why);
	}
	free(outcomes);
	return status;
}

int lab_main(int argc, char **argv)
{
	struct lab_options o;
	struct buf why;
	int status;

	buf_init(&why, WHY_MAX);
	if (lab_options_parse(&o, argc, argv, &why))
		status = complain(&why, EXIT_USAGE);
	else if (o.help)
		status = fputs(lab_usage, stdout) == EOF ? EXIT_NOT_SHOWN : EXIT_SHOWN;
	else
		status = o.list ? list() : run_chosen(&o, &why);
	buf_fini(&why);
	return status;
}
