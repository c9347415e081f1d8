/* The arithmetic of slots, processors and locks.  Pure.  Runs in: any. */
#include "cmd/lab_predict.h"

#include <math.h>

static double rounds(uint64_t jobs, unsigned places)
{
	return (double)((jobs + places - 1) / places);
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static double service(const struct lab_case *c)
{
	return c->locked + c->blocked;
}

double lab_predict_makespan_blocking(const struct lab_case *c)
{
	return rounds(c->jobs, least(c->slots, c->users)) * service(c);
}

/* Threads that compute share the CPUs evenly: what counts is how much there is to do. */
double lab_predict_makespan_computing(const struct lab_case *c)
{
	unsigned at_once = least(least(c->slots, c->users), c->cpus);

	return rounds(c->jobs, at_once) * service(c);
}

double lab_predict_makespan_locked(const struct lab_case *c)
{
	unsigned at_once = least(least(c->processes, c->users), c->cpus);

	return rounds(c->jobs, at_once) * service(c);
}

double lab_predict_peak(const struct lab_case *c)
{
	return c->users;
}

double lab_predict_late(const struct lab_case *c)
{
	return c->jobs > c->slots ? (double)(c->jobs - c->slots) : 0;
}

double lab_predict_queue(const struct lab_case *c)
{
	return (rounds(c->jobs, c->slots) - 1) * service(c);
}

double lab_predict_L(const struct lab_case *c)
{
	return c->users;
}

double lab_predict_rps_blocking(const struct lab_case *c)
{
	return least(c->slots, c->users) / (service(c) + c->overhead);
}

double lab_predict_rps_computing(const struct lab_case *c)
{
	return least(least(c->slots, c->users), c->cpus) / (service(c) + c->overhead);
}

double lab_predict_rps_locked(const struct lab_case *c)
{
	return least(least(c->processes, c->users), c->cpus) / (service(c) + c->overhead);
}

/*
 * Jobs of equal length never wait for the lock before it is busy all the time.  Then it is, but for
 * the last of so many jobs: nothing is left to compute while that waits.
 */
double lab_predict_rps_mixed(const struct lab_case *c)
{
	double computing = least(c->processes, c->cpus) / (c->locked + c->overhead);
	double waiting = least(c->slots, c->users) / (service(c) + c->overhead);

	if (waiting <= computing)
		return waiting;
	return c->jobs ? 1 / (1 / computing + c->blocked / (double)c->jobs) : computing;
}

double lab_predict_latency_locked(const struct lab_case *c)
{
	return c->users / lab_predict_rps_locked(c);
}

double lab_r2(const double *predicted, const double *measured, unsigned n)
{
	double mean = 0, errors = 0, deviations = 0;

	for (unsigned i = 0; i < n; i++)
		mean += measured[i] / n;
	for (unsigned i = 0; i < n; i++) {
		errors += (measured[i] - predicted[i]) * (measured[i] - predicted[i]);
		deviations += (measured[i] - mean) * (measured[i] - mean);
	}
	return 1 - errors / deviations;
}

void lab_exponential_lengths(double *lengths, unsigned n, double mean)
{
	double sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += lengths[i] = -log1p(-(i + .5) / n);
	for (unsigned i = 0; i < n; i++)
		lengths[i] *= mean * n / sum;
}
