/* Open loops beside their predictions.  Runs in: the lab's process, one thread. */
#include "cmd/lab_open.h"

#include "base/clock.h"

const struct lab_short_job lab_short_sleep = { "/sleep?ms=1", .001 };

int lab_predict_open(struct lab *lab, struct lab_open *r, struct lab_waits *waits)
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

int lab_run_open(struct lab *lab, struct lab_open *r, struct lab_waits *waits, struct lab_seen *seen)
{
	int error = lab_predict_open(lab, r, waits);

	if (error)
		return error;
	error = lab_put_load(lab, &r->load, seen);
	if (error)
		lab_waits_fini(waits);
	return error;
}

double lab_mean_latency(const struct lab_seen *seen)
{
	return hist_mean_ns(&seen->latency) / (double)NS_PER_S;
}

double lab_latency_quantile(const struct lab_seen *seen, double q)
{
	return hist_quantile_ns(&seen->latency, q) / (double)NS_PER_S;
}

int lab_with_server(struct lab *lab, const struct lab_shape *shape, lab_on_server_fn *measure)
{
	struct lab_server s;
	struct buf urls;
	int error = lab_server_start(&s, shape, lab->why);

	if (error)
		return error;
	buf_init(&urls, LAB_URLS_MAX);
	error = measure(lab, &s, &urls);
	buf_fini(&urls);
	lab_server_stop(&s);
	return error;
}
