/*
 * Experiment 47: what more users bring.  Runs in: the lab's process, one thread.
 *
 * Each has one request in flight all the time.  The points are run in whole rounds of what is
 * served at once, so that a run's last round is as full as its first.
 */
#include "cmd/lab_curves.h"

#include "cmd/lab_open.h"
#include "metrics/queueing.h"

static const unsigned users[] = { 1, 2, 4, 8, 16, 32, 64, 128 };
#define POINTS (sizeof users / sizeof *users)

struct curve {
	const char *what, *path;
	unsigned workers, threads;
	bool is_on_one_cpu;
	double locked, blocked; /* of a job, in seconds */
	unsigned rounds;
	struct lab_short_job short_job;
	double (*predict)(const struct lab_case *c);
};

static const struct curve curves[] = {
	{ .what = "20 ms asleep, 5 x 8",
	  .path = "/sleep?ms=20",
	  .workers = 5,
	  .threads = 8,
	  .blocked = .020,
	  .rounds = 60,
	  .short_job = { "/sleep?ms=1", .001 },
	  .predict = lab_predict_rps_blocking },
	{ .what = "5 ms of CPU, 1 x 8 on one CPU",
	  .path = "/cpu?ms=5",
	  .workers = 1,
	  .threads = 8,
	  .is_on_one_cpu = true, /* the other is for who asks */
	  .locked = .005,
	  .rounds = 120,
	  .short_job = { "/cpu?ms=0.5", .0005 },
	  .predict = lab_predict_rps_computing },
	{ .what = "0.5 ms of CPU and 19.5 asleep, 2 x 4",
	  .path = "/mixed?cpu=0.5&sleep=19.5",
	  .workers = 2,
	  .threads = 4,
	  .locked = .0005,
	  .blocked = .0195,
	  .rounds = 60,
	  .short_job = { "/mixed?cpu=0.5&sleep=1", .0015 },
	  .predict = lab_predict_rps_blocking },
};

struct points {
	double N[POINTS], predicted[POINTS], measured[POINTS];
};

/* One that does not has nothing to explain: each of its points must be where the others are. */
static bool rises(const struct curve *k, struct lab_case c)
{
	c.users = users[0];
	double first = k->predict(&c);
	c.users = users[POINTS - 1];
	return k->predict(&c) > first;
}

static int measure_point(struct lab *lab, const struct curve *k, const struct buf *url,
			 struct lab_case *c, struct points *p, size_t i)
{
	unsigned at_once = users[i] < c->slots ? users[i] : c->slots;
	struct lab_load load = { .users = users[i],
				 .requests = at_once * lab_scaled_jobs(lab, k->rounds),
				 .urls = url };
	struct lab_seen seen;
	int error = lab_put_load(lab, &load, &seen);

	if (error)
		return error;
	c->users = users[i];
	p->N[i] = users[i];
	p->predicted[i] = k->predict(c);
	p->measured[i] = seen.rps;
	lab_note_figure(lab, "/s", p->predicted[i], seen.rps,
			rises(k, *c) ? lab_shown : lab_of_rate, "%s, %u at once", k->what, users[i]);
	return 0;
}

static void note_fit(struct lab *lab, const struct curve *k, const struct lab_case *c,
		     const struct points *p)
{
	struct usl usl;

	if (rises(k, *c))
		lab_note_figure(lab, "", LAB_R2, lab_r2(p->predicted, p->measured, POINTS),
				lab_of_curve, "%s, R2", k->what);
	if (usl_fit(&usl, p->N, p->measured, POINTS) == 0)
		lab_note(lab, "%s: USL alpha %.3f, beta %.2g, knee %.0f", k->what, usl.alpha,
			 usl.beta, usl_knee(&usl));
}

static int measure_curve(struct lab *lab, const struct curve *k, const struct lab_server *s,
			 const struct lab_shape *shape)
{
	struct lab_case c = { .slots = shape->workers * shape->threads,
			      .processes = shape->workers,
			      .cpus = k->is_on_one_cpu ? 1 : lab->cpus,
			      .locked = k->locked,
			      .blocked = k->blocked };
	struct points p;
	struct buf url;
	int error = lab_measure_overhead(lab, s, &k->short_job, &c.overhead);

	buf_init(&url, LAB_URLS_MAX);
	buf_printf(&url, "%s%s", s->url, k->path);
	for (size_t i = 0; !error && i < POINTS; i++)
		error = measure_point(lab, k, &url, &c, &p, i);
	buf_fini(&url);
	if (!error)
		note_fit(lab, k, &c, &p);
	return error;
}

int lab_measure_curves(struct lab *lab)
{
	int error = 0;

	for (size_t i = 0; !error && i < sizeof curves / sizeof *curves; i++) {
		const struct curve *k = &curves[i];
		struct lab_shape shape = { .workers = k->workers,
					   .threads = k->threads,
					   .is_on_one_cpu = k->is_on_one_cpu };
		struct lab_server s;

		error = lab_server_start(&s, &shape, lab->why);
		if (error)
			break;
		error = measure_curve(lab, k, &s, &shape);
		lab_server_stop(&s);
	}
	return error;
}
