/*
 * Experiments on waiting: 9, 10 and 48.  Runs in: the lab's process.
 *
 * Each prediction knows the arrivals that will come
 * (cmd/lab_schedule.h), and what a request takes beyond its job.
 */
#include "cmd/lab_queues.h"

#include "base/clock.h"
#include "cmd/lab_open.h"
#include "metrics/queueing.h"

#define S_PER_NS (1 / (double)NS_PER_S)

/* --- 9 ------------------------------------------------------------------------ */

#define COMFORT_JOBS 3000

static void note_comfort(struct lab *lab, const struct lab_open *r, const struct lab_waits *waits,
			 const struct lab_seen *seen)
{
	double S = r->service[0];

	lab_note_figure(lab, "s", waits->mean_wait, lab_mean_latency(seen) - S, lab_of_time,
			"90 %% of capacity, 1 x 1, mean wait");
	lab_note_figure(lab, "s", lab_waits_quantile(waits, .99), lab_latency_quantile(seen, .99),
			lab_of_time, "90 %% of capacity, 1 x 1, p99 of latency");
	lab_note(lab, "S = %.2f ms; the mean wait of a run without end would be %.1f ms (M/D/1)",
		 S * 1e3, queueing_wait_mg1(r->load.rate, S, 0) * 1e3);
}

static int comfort_on(struct lab *lab, const struct lab_server *s, struct buf *urls)
{
	struct lab_open r = { .schedule = { .queues = 1, .slots = 1 } };
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
	error = lab_run_open(lab, &r, &waits, &seen);
	if (error)
		return error;
	note_comfort(lab, &r, &waits, &seen);
	lab_waits_fini(&waits);
	return 0;
}

int lab_measure_comfort(struct lab *lab)
{
	return lab_with_server(lab, &(struct lab_shape){ .workers = 1, .threads = 1 }, comfort_on);
}

/* --- 10 ----------------------------------------------------------------------- */

#define LAW_JOBS 1500

/*
 * N W as the clients have it against the integral of L as the server has it: they share nothing but
 * the requests.  Before and behind the run the server is empty, so there are no edges.
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
	return lab_with_server(lab, &(struct lab_shape){ .workers = 1, .threads = 8 }, law_on);
}

/* --- 48 ----------------------------------------------------------------------- */

#define POOL 8
#define POOL_MEAN_S .040
#define POOL_RHO .8
#define POOL_JOBS 3200

/* The same requests for one server of 8 slots, or each for one of 8 servers of one. */
static int pool_on(struct lab *lab, const struct lab_server *s, unsigned servers, double *mean_wait)
{
	static unsigned queue[TARGETS_MAX];
	struct lab_open r = { .schedule = {
				      .queues = servers, .slots = POOL / servers, .queue = queue } };
	double lengths[POOL], overhead;
	struct lab_waits waits;
	struct lab_seen seen;
	struct buf urls;
	int error = lab_measure_overhead(lab, s, &lab_short_sleep, &overhead);

	buf_init(&urls, LAB_URLS_MAX);
	lab_exponential_lengths(lengths, POOL, POOL_MEAN_S);
	for (unsigned i = 0; i < POOL * POOL; i++) {
		double job = lengths[i / POOL];

		queue[i] = i % servers;
		r.service[i] = job + overhead;
		buf_printf(&urls, "%s/sleep?ms=%.6g&n=%u ", s[queue[i]].url, job * 1e3, i);
	}
	r.load = (struct lab_load){ .rate = POOL_RHO * POOL / POOL_MEAN_S,
				    .requests = lab_scaled_jobs(lab, POOL_JOBS),
				    .urls = &urls };
	if (!error)
		error = lab_run_open(lab, &r, &waits, &seen);
	buf_fini(&urls);
	if (error)
		return error;
	*mean_wait = lab_mean_latency(&seen) - waits.mean_service;
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
