/*
 * Experiments 19 and 22: how threads share an interpreter's
 * lock.  Runs in: the lab's process, one thread.
 */
#include "cmd/lab_lock.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/bench_plan.h"
#include "cmd/lab_open.h"
#include "cmd/lab_peer.h"
#include "metrics/queueing.h"
#include "net/sock.h"

/* --- 19 ----------------------------------------------------------------------- */

#define LOCKED_S \
	.010 /* in the mean, exponential; the times blocked are all equal, which is as good */
#define BLOCKED_S .030
#define THREADS 8
#define JOBS_EACH 120

static const unsigned users[] = { 1, 2, 3, 4, 6, 8 };
#define POINTS (sizeof users / sizeof *users)

static void write_mixed_urls(struct buf *urls, const struct lab_server *s,
			     double locked[TARGETS_MAX])
{
	lab_exponential_lengths(locked, TARGETS_MAX, LOCKED_S);
	for (unsigned i = 0; i < TARGETS_MAX; i++)
		buf_printf(urls, "%s/mixed?cpu=%.4g&sleep=%.4g ", s->url, locked[i] * 1e3,
			   BLOCKED_S * 1e3);
}

/* The mean of those that this load will draw. */
static int mean_drawn(struct lab *lab, const struct lab_load *load, const double *locked,
		      double *mean)
{
	struct bench_options o;
	struct plan plan;
	int error = lab_load_options(&o, load, lab->why);

	if (!error) {
		plan_init(&plan, o.arrival, o.rate, o.seed, &o.targets);
		*mean = 0;
		for (uint64_t i = 0; i < load->requests; i++)
			*mean += locked[plan_choose(&plan)] / (double)load->requests;
	}
	bench_options_fini(&o);
	return error;
}

/* One point of the curve: so many users, who are so many threads. */
static int share_lock(struct lab *lab, const struct buf *urls, const double *locked,
		      double overhead, unsigned n, double *predicted, double *measured)
{
	struct lab_load load = { .users = n,
				 .requests = lab_scaled_jobs(lab, (uint64_t)n * JOBS_EACH),
				 .urls = urls };
	struct lab_seen seen;
	double mean = 0;
	int error = mean_drawn(lab, &load, locked, &mean);

	if (!error)
		error = lab_put_load(lab, &load, &seen);
	if (error)
		return error;
	*predicted = queueing_locked_throughput(n, mean, BLOCKED_S + overhead);
	*measured = seen.rps;
	lab_note_figure(lab, "/s", *predicted, *measured, lab_shown,
			"%u user%s of 8 threads, throughput", n, n == 1 ? "" : "s");
	return 0;
}

static int released_lock_on(struct lab *lab, const struct lab_server *s, struct buf *urls)
{
	static const struct lab_short_job job = { "/mixed?cpu=0.5&sleep=1", .0015 };
	double locked[TARGETS_MAX], predicted[POINTS], measured[POINTS], overhead;
	int error = lab_measure_overhead(lab, s, &job, &overhead);

	write_mixed_urls(urls, s, locked);
	for (size_t i = 0; !error && i < POINTS; i++)
		error = share_lock(lab, urls, locked, overhead, users[i], &predicted[i],
				   &measured[i]);
	if (error)
		return error;
	lab_note_figure(lab, "", LAB_R2, lab_r2(predicted, measured, POINTS), lab_of_curve,
			"mean-value analysis, R2");
	lab_note(lab, "beyond 1 + %g / %g = %.0f threads each more waits for the lock",
		 BLOCKED_S * 1e3, LOCKED_S * 1e3, 1 + BLOCKED_S / LOCKED_S);
	return 0;
}

int lab_measure_released_lock(struct lab *lab)
{
	struct lab_shape shape = { .workers = 1, .threads = THREADS, .options = "--handler-lock" };

	return lab_with_server(lab, &shape, released_lock_on);
}

/* --- 22 ----------------------------------------------------------------------- */

#define QUICK_S .0005
#define QUICK_PATH "/cpu?ms=0.5"
#define QUICK_JOBS 60
#define HOG_S .5        /* the hog must outlast all quick ones, */
#define PATIENCE_S .010 /* who need their turns and so much more each */

static const struct lab_tolerance of_switch = { .part = .08, .absolute = .0015 };

/* A quick job beside one that computes all the time; `interval` is how long it waits for its turn. */
static int beside_a_hog(struct lab *lab, const struct lab_server *s, struct buf *urls,
			double interval, const char *what)
{
	struct lab_load load = { .users = 1, .requests = lab_scaled_jobs(lab, QUICK_JOBS) };
	double overhead, hog_s = HOG_S + (double)load.requests * (interval + PATIENCE_S);
	struct lab_seen seen;
	char path[48];
	int error = lab_measure_overhead(lab, s, &(struct lab_short_job){ QUICK_PATH, QUICK_S },
					 &overhead);

	if (error)
		return error;
	snprintf(path, sizeof path, "/cpu?ms=%.6g", hog_s * 1e3);
	int hog = lab_peer_ask(s, path, lab->why);
	if (hog < 0)
		return hog;
	buf_printf(urls, "%s%s", s->url, QUICK_PATH);
	load.urls = urls;
	error = lab_peer_wait(s, 1, lab->why);
	if (!error)
		error = lab_put_load(lab, &load, &seen);
	bool is_computing = sock_is_quiet(hog);
	close(hog);
	if (error)
		return error;
	lab_note_figure(lab, "", 1, is_computing, lab_exactly, "%s, it computes to the end", what);
	lab_note_figure(lab, "s", interval + QUICK_S + overhead, lab_latency_quantile(&seen, .5),
			of_switch, "%s, latency of a 0.5-ms job beside it, median", what);
	return 0;
}

static int without_lock(struct lab *lab, const struct lab_server *s, struct buf *urls)
{
	return beside_a_hog(lab, s, urls, 0, "no lock");
}

static int each_ms(struct lab *lab, const struct lab_server *s, struct buf *urls)
{
	return beside_a_hog(lab, s, urls, .001, "turns of 1 ms");
}

static int each_5ms(struct lab *lab, const struct lab_server *s, struct buf *urls)
{
	return beside_a_hog(lab, s, urls, .005, "turns of 5 ms");
}

static int each_50ms(struct lab *lab, const struct lab_server *s, struct buf *urls)
{
	return beside_a_hog(lab, s, urls, .050, "turns of 50 ms");
}

int lab_measure_switches(struct lab *lab)
{
	static const struct {
		const char *options;
		lab_on_server_fn *measure;
	} rows[] = {
		{ NULL, without_lock },
		{ "--handler-lock --handler-lock-interval 1ms", each_ms },
		{ "--handler-lock --handler-lock-interval 5ms", each_5ms },
		{ "--handler-lock --handler-lock-interval 50ms", each_50ms },
	};
	int error = 0;

	for (size_t i = lab->cpus > 1 ? 0 : 1; !error && i < sizeof rows / sizeof *rows; i++) {
		struct lab_shape shape = { .workers = 1, .threads = 2, .options = rows[i].options };

		error = lab_with_server(lab, &shape, rows[i].measure);
	}
	return error;
}
