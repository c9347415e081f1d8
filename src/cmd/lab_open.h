/*
 * An open loop with what it must meet: the generator's own schedule, followed through the queue
 * first, and then put on a server.
 */
#ifndef CMD_LAB_OPEN_H
#define CMD_LAB_OPEN_H

#include "cmd/lab_schedule.h"
#include "cmd/lab_step.h"

#define LAB_URLS_MAX 16384

struct lab_open {
	struct lab_load load;
	struct lab_schedule schedule; /* queues and slots, and what stands still when */
	double service[TARGETS_MAX];  /* of the targets' jobs, in seconds */
};

/* The waits such a load must meet.  On success the caller gives `waits` to lab_waits_fini(). */
int lab_predict_open(struct lab *lab, struct lab_open *r, struct lab_waits *waits);

/* Waits are predicted, then seen.  On success the caller gives `waits` to lab_waits_fini(). */
int lab_run_open(struct lab *lab, struct lab_open *r, struct lab_waits *waits,
		 struct lab_seen *seen);

/* Of what was seen, in seconds. */
double lab_mean_latency(const struct lab_seen *seen);
double lab_latency_quantile(const struct lab_seen *seen, double q);

/* Measures on a server of its own; `urls` is empty and has room for LAB_URLS_MAX bytes. */
typedef int lab_on_server_fn(struct lab *lab, const struct lab_server *s, struct buf *urls);
int lab_with_server(struct lab *lab, const struct lab_shape *shape, lab_on_server_fn *measure);

/* A job of a millisecond that sleeps: what takes it longer is the way. */
extern const struct lab_short_job lab_short_sleep;

#endif
