/*
 * Experiments on waiting in an open loop: 9 to 12, and 48.  Runs in: the lab's process.
 *
 * Each prediction knows the arrivals that will come (cmd/lab_schedule.h), and what a request takes beyond its job.
 */
#include "cmd/lab_queues.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/lab_peer.h"
#include "cmd/lab_schedule.h"
#include "metrics/queueing.h"

#define S_PER_NS (1 / (double)NS_PER_S)
#define URLS_MAX 16384
#define DELAYED_S .020 /* what a wait must exceed to be told from noise */

static const struct lab_short_job short_sleep = { "/sleep?ms=1", .001 };

/* An open loop with what it must meet. */
struct open_run {
	const struct lab_server *server; /* the overhead is measured on it */
	struct lab_load load;
	struct lab_schedule schedule;
	double service[TARGETS_MAX]; /* of the targets' jobs, in seconds */
	unsigned targets;
};

static int predict(struct lab *lab, struct open_run *r, struct lab_waits *waits)
{
	struct bench_options o;
	int error = lab_load_options(&o, &r->load, lab->why);

	if (!error) {
		r->schedule.arrival = o.arrival;
		r->schedule.rate = o.rate;
		r->schedule.requests = o.requests;
		r->schedule.seed = o.seed;
		r->schedule.targets = &o.targets;
		r->schedule.service = r->service;
		error = lab_schedule_waits(&r->schedule, waits);
	}
	bench_options_fini(&o);
	return error;
}

static int run_open(struct lab *lab, struct open_run *r, struct lab_waits *waits,
		    struct lab_seen *seen)
{
	int error = predict(lab, r, waits);

	if (!error)
		error = lab_put_load(lab, &r->load, seen);
	if (error)
		lab_waits_fini(waits);
	return error;
}

static double mean_latency(const struct lab_seen *seen)
{
	return hist_mean_ns(&seen->latency) * S_PER_NS;
}

static double quantile(const struct lab_seen *seen, double q)
{
	return hist_quantile_ns(&seen->latency, q) * S_PER_NS;
}

/* --- 9 ------------------------------------------------------------------------ */

#define COMFORT_JOBS 3000

static void note_comfort(struct lab *lab, const struct open_run *r, const struct lab_waits *waits,
			 const struct lab_seen *seen)
{
	double S = r->service[0];

	lab_note_figure(lab, "s", waits->mean_wait, mean_latency(seen) - S, lab_of_time,
			"90 %% of capacity, 1 x 1, mean wait");
	lab_note_figure(lab, "s", lab_waits_quantile(waits, .99), quantile(seen, .99), lab_of_time,
			"90 %% of capacity, 1 x 1, p99 of latency");
	lab_note(lab, "S = %.2f ms; the mean wait of a run without end would be %.1f ms (M/D/1)",
		 S * 1e3, queueing_wait_mg1(r->load.rate, S, 0) * 1e3);
}

static int comfort_on(struct lab *lab, const struct lab_server *s, struct buf *urls)
{
	struct open_run r = { .schedule = { .queues = 1, .slots = 1 } };
	struct lab_waits waits;
	struct lab_seen seen;
	double overhead;
	int error = lab_measure_overhead(lab, s, &(struct lab_short_job){ "/sleep?ms=10", .010 },
					 &overhead);

	if (error)
		return error;
	buf_printf(urls, "%s/sleep?ms=10", s->url);
	r.service[0] = .010 + overhead;
	r.load = (struct lab_load){ .rate = .9 / r.service[0],
				    .requests = lab_scaled_jobs(lab, COMFORT_JOBS),
				    .urls = urls };
	error = run_open(lab, &r, &waits, &seen);
	if (error)
		return error;
	note_comfort(lab, &r, &waits, &seen);
	lab_waits_fini(&waits);
	return 0;
}

typedef int on_server_fn(struct lab *lab, const struct lab_server *s, struct buf *urls);

static int with_server(struct lab *lab, unsigned workers, unsigned threads, on_server_fn *measure)
{
	struct lab_shape shape = { .workers = workers, .threads = threads };
	struct lab_server s;
	struct buf urls;
	int error = lab_server_start(&s, &shape, lab->why);

	if (error)
		return error;
	buf_init(&urls, URLS_MAX);
	error = measure(lab, &s, &urls);
	buf_fini(&urls);
	lab_server_stop(&s);
	return error;
}

int lab_measure_comfort(struct lab *lab)
{
	return with_server(lab, 1, 1, comfort_on);
}

/* --- 10 ----------------------------------------------------------------------- */

#define LAW_JOBS 1500

/*
 * N W as the clients have it against the integral of L as the server has it: they share nothing but the requests.
 * Before and behind the run the server is empty, so there are no edges.
 */
static int compare_views(struct lab *lab, struct lab_board *b, const struct lab_load *load,
			 const char *what)
{
	const struct snapshot *view = lab_board_read(b, 1);
	struct ledger_sum before = view->total->ledger;
	uint64_t before_ns = view->now_ns;
	struct lab_seen seen;
	int error = lab_put_load(lab, load, &seen);

	if (error)
		return error;
	view = lab_board_read(b, 1);
	struct law law = law_of(&before, before_ns, &view->total->ledger, view->now_ns, view->slots);
	lab_note_figure(lab, "", (double)seen.latency.sum_ns * S_PER_NS, law.L * law.window_s,
			(struct lab_tolerance){ .part = .02 },
			"%s: the clients' times summed, the server's L integrated", what);
	lab_note_figure(lab, "", 0, law.residual,
			(struct lab_tolerance){ .absolute = LAB_RESIDUAL_LIMIT },
			"%s: residual on the server", what);
	return 0;
}

static int law_on(struct lab *lab, const struct lab_server *s, struct buf *urls)
{
	static const struct {
		const char *what;
		unsigned users;
		double rate;
	} loads[] = { { "4 users", 4, 0 },
		      { "16 users", 16, 0 },
		      { "200 a second", 0, 200 },
		      { "320 a second", 0, 320 } };
	struct lab_board *b = lab_board_open(s, lab->why);
	int error = b ? 0 : -1;

	buf_printf(urls, "%s/sleep?ms=20", s->url);
	for (size_t i = 0; !error && i < sizeof loads / sizeof *loads; i++) {
		struct lab_load load = { .users = loads[i].users,
					 .rate = loads[i].rate,
					 .requests = lab_scaled_jobs(lab, LAW_JOBS),
					 .urls = urls };

		error = compare_views(lab, b, &load, loads[i].what);
	}
	lab_board_close(&b);
	return error;
}

int lab_measure_law(struct lab *lab)
{
	return with_server(lab, 1, 8, law_on);
}

/* --- 11 and 12 ---------------------------------------------------------------- */

#define HOG_S 5.0
#define STREAM_RATE 50.0
#define STREAM_S 12.0

/* One slow request, and then a stream of quick ones. */
static int hog_on(struct lab *lab, const struct lab_server *s, struct buf *urls, struct open_run *r,
		  struct lab_waits *waits, struct lab_seen *seen)
{
	char path[48];
	int error = lab_measure_overhead(lab, s, &short_sleep, &r->service[0]);

	if (error)
		return error;
	r->service[0] += .010;
	buf_printf(urls, "%s/sleep?ms=10", s->url);
	r->load = (struct lab_load){ .rate = STREAM_RATE,
				     .is_constant = true,
				     .requests = (uint64_t)(STREAM_RATE * STREAM_S * lab->scale),
				     .urls = urls };
	snprintf(path, sizeof path, "/sleep?ms=%.6g", HOG_S * lab->scale * 1e3);
	int hog = lab_peer_ask(s, path, lab->why);
	if (hog < 0)
		return hog;
	error = lab_peer_wait(s, 1, lab->why);
	if (!error)
		error = run_open(lab, r, waits, seen);
	close(hog);
	return error;
}

static uint64_t delayed(const struct lab_seen *seen, double S)
{
	return lab_count_above(&seen->latency, (uint64_t)((S + DELAYED_S) * (double)NS_PER_S));
}

static int one_slot_on(struct lab *lab, const struct lab_server *s, struct buf *urls)
{
	struct open_run r = { .schedule = {
				      .queues = 1, .slots = 1, .blocked_to = HOG_S * lab->scale } };
	struct lab_waits waits;
	struct lab_seen seen;
	int error = hog_on(lab, s, urls, &r, &waits, &seen);

	if (error)
		return error;
	lab_note_figure(lab, "s", waits.longest_wait,
			(double)seen.latency.max_ns * S_PER_NS - r.service[0], lab_of_time,
			"50 a second behind a slow one, longest wait");
	lab_note_figure(lab, "s", waits.mean_wait, mean_latency(&seen) - r.service[0], lab_of_time,
			"50 a second behind a slow one, mean wait");
	lab_note_figure(lab, "", (double)lab_waits_count_above(&waits, r.service[0] + DELAYED_S),
			(double)delayed(&seen, r.service[0]),
			(struct lab_tolerance){ .part = .05, .absolute = 2 },
			"50 a second behind a slow one, delayed");
	lab_note(lab, "%.0f come while it lasts, the rest before the queue has gone",
		 STREAM_RATE * HOG_S * lab->scale);
	lab_waits_fini(&waits);
	return 0;
}

int lab_measure_hog(struct lab *lab)
{
	return with_server(lab, 1, 1, one_slot_on);
}

static int free_slots_on(struct lab *lab, const struct lab_server *s, struct buf *urls)
{
	struct open_run r = { .schedule = { .queues = 1, .slots = 1 } };
	struct lab_waits waits;
	struct lab_seen seen;
	int error = hog_on(lab, s, urls, &r, &waits, &seen);

	if (error)
		return error;
	lab_note_figure(lab, "", 0, (double)delayed(&seen, r.service[0]),
			(struct lab_tolerance){ .bound = LAB_AT_MOST },
			"beside a slow one, delayed by more than 20 ms");
	lab_waits_fini(&waits);
	return 0;
}

/* One request in so many takes 5 s, the others 10 ms; together they would keep 0.6 of a slot busy. */
#define MIX_OF TARGETS_MAX
#define MIX_S 60.0

static int mix_on(struct lab *lab, const struct lab_server *s, struct buf *urls, unsigned slots)
{
	struct open_run r = { .schedule = { .queues = 1, .slots = slots } };
	double overhead, sum = 0;
	struct lab_waits waits;
	struct lab_seen seen;
	int error = lab_measure_overhead(lab, s, &short_sleep, &overhead);

	for (unsigned i = 0; i < MIX_OF; i++) {
		double job = i ? .010 : HOG_S * lab->scale;

		r.service[i] = job + overhead;
		sum += r.service[i];
		/* A query's end that means nothing makes each a target of its own. */
		buf_printf(urls, "%s/sleep?ms=%.6g&n=%u ", s->url, job * 1e3, i);
	}
	r.load = (struct lab_load){ .rate = .6 * MIX_OF / sum, .urls = urls };
	r.load.requests = (uint64_t)(r.load.rate * MIX_S * lab->scale);
	if (!error)
		error = run_open(lab, &r, &waits, &seen);
	if (error)
		return error;
	lab_note_figure(lab, "s", waits.mean_wait, mean_latency(&seen) - waits.mean_service,
			lab_of_time, "one in 64 slow, %u slot%s, mean wait", slots,
			slots == 1 ? "" : "s");
	lab_waits_fini(&waits);
	return 0;
}

static int mix_on_one(struct lab *lab, const struct lab_server *s, struct buf *urls)
{
	return mix_on(lab, s, urls, 1);
}

static int mix_on_five(struct lab *lab, const struct lab_server *s, struct buf *urls)
{
	return mix_on(lab, s, urls, 5);
}

int lab_measure_cure(struct lab *lab)
{
	static const unsigned threads[] = { 1, 4, 20 };
	int error = 0;

	for (int i = 0; !error && i < 3; i++)
		error = with_server(lab, 2, threads[i], free_slots_on);
	if (!error)
		error = with_server(lab, 1, 1, mix_on_one);
	return error ? error : with_server(lab, 5, 1, mix_on_five);
}

/* --- 48 ----------------------------------------------------------------------- */

#define POOL 8
#define POOL_MEAN_S .040
#define POOL_RHO .8
#define POOL_JOBS 4800

/* The middle of each eighth of the exponential distribution, with a mean of 1. */
static void exponential_lengths(double lengths[POOL])
{
	double sum = 0;

	for (int i = 0; i < POOL; i++)
		sum += lengths[i] = -log1p(-(i + .5) / POOL);
	for (int i = 0; i < POOL; i++)
		lengths[i] *= POOL / sum;
}

/* The same requests for one server of 8 slots, or each for one of 8 servers of one. */
static int pool_on(struct lab *lab, const struct lab_server *s, unsigned servers, double *mean_wait)
{
	static unsigned queue[TARGETS_MAX];
	struct open_run r = { .schedule = {
				      .queues = servers, .slots = POOL / servers, .queue = queue } };
	double lengths[POOL], overhead;
	struct lab_waits waits;
	struct lab_seen seen;
	struct buf urls;
	int error = lab_measure_overhead(lab, s, &short_sleep, &overhead);

	buf_init(&urls, URLS_MAX);
	exponential_lengths(lengths);
	for (unsigned i = 0; i < POOL * POOL; i++) {
		double job = lengths[i / POOL] * POOL_MEAN_S;

		queue[i] = i % servers;
		r.service[i] = job + overhead;
		buf_printf(&urls, "%s/sleep?ms=%.6g&n=%u ", s[queue[i]].url, job * 1e3, i);
	}
	r.load = (struct lab_load){ .rate = POOL_RHO * POOL / POOL_MEAN_S,
				    .requests = lab_scaled_jobs(lab, POOL_JOBS),
				    .urls = &urls };
	if (!error)
		error = run_open(lab, &r, &waits, &seen);
	buf_fini(&urls);
	if (error)
		return error;
	*mean_wait = mean_latency(&seen) - waits.mean_service;
	lab_note_figure(lab, "s", waits.mean_wait, *mean_wait, lab_of_time,
			"%u queue%s, %u slot%s each, mean wait", servers, servers == 1 ? "" : "s",
			POOL / servers, servers == POOL ? "" : "s");
	lab_waits_fini(&waits);
	return 0;
}

static int pool_with(struct lab *lab, unsigned servers, double *mean_wait)
{
	struct lab_shape shape = { .workers = POOL / servers, .threads = 1 };
	struct lab_server s[POOL];
	unsigned started = 0;
	int error = 0;

	while (!error && started < servers) {
		error = lab_server_start(&s[started], &shape, lab->why);
		started += !error;
	}
	if (!error)
		error = pool_on(lab, s, servers, mean_wait);
	while (started)
		lab_server_stop(&s[--started]);
	return error;
}

int lab_measure_pooling(struct lab *lab)
{
	double lambda = POOL_RHO * POOL / POOL_MEAN_S, pooled, apart;
	int error = pool_with(lab, 1, &pooled);

	if (!error)
		error = pool_with(lab, POOL, &apart);
	if (error)
		return error;
	lab_note(lab, "in mean services: %.2f against %.2f; in runs without end %.2f against %.2f (M/M/8, M/M/1)",
		 pooled / POOL_MEAN_S, apart / POOL_MEAN_S,
		 queueing_wait_mmc(POOL, lambda, POOL_MEAN_S) / POOL_MEAN_S,
		 queueing_wait_mmc(1, lambda / POOL, POOL_MEAN_S) / POOL_MEAN_S);
	return 0;
}
