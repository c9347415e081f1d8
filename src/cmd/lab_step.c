/* Running the steps of an experiment.  Runs in: the lab's process, one thread. */
#include "cmd/lab_step.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define S (double)NS_PER_S
#define URL_MAX 4096
#define SHORT_JOBS 200

const struct lab_tolerance lab_of_time = { .part = .08, .absolute = .020 };
const struct lab_tolerance lab_of_rate = { .part = .05 };
const struct lab_tolerance lab_of_curve = { .bound = LAB_AT_LEAST };
const struct lab_tolerance lab_exactly = { .part = 0 };
const struct lab_tolerance lab_shown = { .bound = LAB_SHOWN };

static double makespan(const struct lab_seen *seen, const struct lab_case *c)
{
	(void)c;
	return seen->makespan_s;
}

static double rps(const struct lab_seen *seen, const struct lab_case *c)
{
	(void)c;
	return seen->rps;
}

static double peak(const struct lab_seen *seen, const struct lab_case *c)
{
	(void)c;
	return (double)seen->most;
}

/* Who waited for a slot took two services or more; half a one divides them. */
static double late(const struct lab_seen *seen, const struct lab_case *c)
{
	return (double)lab_count_above(&seen->latency,
				       (uint64_t)(1.5 * (c->locked + c->blocked) * S));
}

static double queue(const struct lab_seen *seen, const struct lab_case *c)
{
	return (double)seen->latency.max_ns / S - c->locked - c->blocked;
}

static double in_flight(const struct lab_seen *seen, const struct lab_case *c)
{
	(void)c;
	return seen->L;
}

static double latency(const struct lab_seen *seen, const struct lab_case *c)
{
	(void)c;
	return hist_mean_ns(&seen->latency) / S;
}

const struct lab_quantity lab_makespan = {
	"makespan", "s", makespan, { .part = .08, .absolute = .020 }
};
const struct lab_quantity lab_rps = { "throughput", "/s", rps, { .part = .05 } };
const struct lab_quantity lab_peak = { "most in flight", "", peak, { .part = 0 } };
const struct lab_quantity lab_late = { "late", "", late, { .part = 0 } };
const struct lab_quantity lab_queue = {
	"longest wait", "s", queue, { .part = .08, .absolute = .020 }
};
const struct lab_quantity lab_in_flight = { "L", "", in_flight, { .part = .02 } };
const struct lab_quantity lab_latency = {
	"mean latency", "s", latency, { .part = .08, .absolute = .020 }
};

void lab_note_figure(struct lab *lab, const char *unit, double predicted, double measured,
		     struct lab_tolerance tolerance, const char *what, ...)
{
	struct lab_figure f = {
		.unit = unit, .predicted = predicted, .measured = measured, .tolerance = tolerance
	};
	va_list args;

	va_start(args, what);
	vsnprintf(f.what, sizeof f.what, what, args);
	va_end(args);
	lab_trial_add(lab->trial, &f);
}

void lab_note(struct lab *lab, const char *format, ...)
{
	char *note = lab->trial->note;
	size_t used = strlen(note), room = sizeof lab->trial->note - used;
	va_list args;

	if (used && room > 2)
		used += (size_t)snprintf(note + used, room, "; ");
	va_start(args, format);
	vsnprintf(note + used, sizeof lab->trial->note - used, format, args);
	va_end(args);
}

uint64_t lab_scaled_jobs(const struct lab *lab, uint64_t jobs)
{
	uint64_t scaled = (uint64_t)((double)jobs * lab->scale + .5);

	return scaled ? scaled : 1;
}

/* So many of a path by so many users. */
static int ask(struct lab *lab, const struct lab_server *s, const char *path, unsigned users,
	       uint64_t requests, struct lab_seen *seen)
{
	struct lab_load load = { .users = users, .requests = requests };
	struct buf url;

	buf_init(&url, URL_MAX);
	buf_printf(&url, "%s%s", s->url, path);
	load.urls = &url;
	int error = lab_put_load(lab, &load, seen);
	buf_fini(&url);
	return error;
}

int lab_measure_overhead(struct lab *lab, const struct lab_server *s,
			 const struct lab_short_job *job, double *overhead)
{
	struct lab_seen seen;
	int error = ask(lab, s, job->path, 1, SHORT_JOBS, &seen);

	if (!error)
		*overhead = fmax(hist_quantile_ns(&seen.latency, .5) / S - job->length, 0);
	return error;
}

/* A server's first requests find threads unmade and memory untouched: they are nobody's claim. */
static int warm_up(struct lab *lab, const struct lab_server *s, const struct lab_step *step)
{
	struct lab_seen seen;

	return ask(lab, s, "/sleep?ms=2", step->users, 2ul * step->users, &seen);
}

static void write_url(struct buf *url, const struct lab_server *s, const struct lab_step *step,
		      const struct lab_case *c)
{
	double first = (c->locked > 0 ? c->locked : c->blocked) * 1e3, second = c->blocked * 1e3;
	const char *at = step->path;

	/* The path is one of a table's: each %g in it takes the next time. */
	buf_puts(url, s->url);
	for (const char *hole; (hole = strstr(at, "%g")); at = hole + 2, first = second) {
		buf_append(url, at, (size_t)(hole - at));
		buf_printf(url, "%.6g", first);
	}
	buf_puts(url, at);
}

static struct lab_case case_of(const struct lab *lab, const struct lab_step *step)
{
	double stretch = step->is_scaled ? lab->scale : 1;
	uint64_t jobs = step->is_scaled ? step->jobs : lab_scaled_jobs(lab, step->jobs);
	unsigned cpus = step->shape.is_on_one_cpu ? 1 : lab->cpus;

	return (struct lab_case){
		.jobs = jobs,
		.users = step->users,
		.slots = step->shape.workers * step->shape.threads,
		.processes = step->shape.workers,
		.cpus = cpus,
		.locked = step->locked * stretch,
		.blocked = step->blocked * stretch,
	};
}

static int run_on(struct lab *lab, const struct lab_server *s, const struct lab_step *step)
{
	struct lab_case c = case_of(lab, step);
	struct lab_load load = { .users = step->users, .requests = c.jobs };
	struct lab_seen seen;
	struct buf url;
	int error = warm_up(lab, s, step);

	if (!error && step->short_job)
		error = lab_measure_overhead(lab, s, step->short_job, &c.overhead);
	if (error)
		return error;
	buf_init(&url, URL_MAX);
	write_url(&url, s, step, &c);
	load.urls = &url;
	error = lab_put_load(lab, &load, &seen);
	buf_fini(&url);
	if (error)
		return error;
	for (const struct lab_reading *r = step->reading;
	     r < step->reading + LAB_READINGS_MAX && r->quantity; r++)
		lab_note_figure(lab, r->quantity->unit, r->predict(&c),
				r->quantity->measure(&seen, &c), r->quantity->tolerance, "%s, %s",
				step->what, r->quantity->name);
	if (step->short_job)
		lab_note(lab, "%s: overhead %.0f us", step->what, c.overhead * 1e6);
	return 0;
}

int lab_run_steps(struct lab *lab, const struct lab_step *steps)
{
	int error = 0;

	for (const struct lab_step *step = steps; !error && step->what; step++) {
		struct lab_server s;

		error = lab_server_start(&s, &step->shape, lab->why);
		if (error)
			break;
		error = run_on(lab, &s, step);
		lab_server_stop(&s);
	}
	return error;
}
