/*
 * Predictions: what a run must show, from its parameters alone.
 *
 * All times in seconds.  Pure.
 */
#ifndef CMD_LAB_PREDICT_H
#define CMD_LAB_PREDICT_H

#include <stdint.h>

/* N jobs at once before a number of slots, or users that ask again and again. */
struct lab_case {
	uint64_t jobs;
	unsigned users; /* of the closed loop; as many as jobs: all at once */
	unsigned slots, processes, cpus;
	double locked,
		blocked; /* of a job: computing (behind the lock, if there is one), and waiting */
	double overhead; /* of a request on the way, measured with an empty job */
};

/* What computes at once: slots, but no more than CPUs. */
double lab_predict_makespan_blocking(const struct lab_case *c); /* ceil(N/c) S */
double lab_predict_makespan_computing(const struct lab_case *c);
double lab_predict_makespan_locked(const struct lab_case *c); /* one a process computes */

double lab_predict_peak(const struct lab_case *c);  /* requests in flight at once */
double lab_predict_late(const struct lab_case *c);  /* how many do not start at once */
double lab_predict_queue(const struct lab_case *c); /* the longest wait for a slot */
double lab_predict_L(const struct lab_case *c);

/* Requests a second of the closed loop. */
double lab_predict_rps_blocking(const struct lab_case *c);
double lab_predict_rps_computing(const struct lab_case *c);
double lab_predict_rps_locked(const struct lab_case *c);
double lab_predict_rps_mixed(const struct lab_case *c);
double lab_predict_latency_locked(const struct lab_case *c);

/*
 * How much of what was measured a predicted curve explains: 1 less the
 * squared errors over the squared deviations from the mean; 1 when all
 * points lie on it, below 0 when a flat line would do better.
 */
double lab_r2(const double *predicted, const double *measured, unsigned n);

/* The middle of each of n equal parts of the exponential distribution, ascending, with that mean. */
void lab_exponential_lengths(double *lengths, unsigned n, double mean);

#endif
