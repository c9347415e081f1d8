/* A queue's recursion over a given schedule.  Pure.  Runs in: any. */
#include "cmd/lab_schedule.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The slot of a queue that falls free first. */
static double *first_free(double *free_at, unsigned slots)
{
	double *first = free_at;

	for (unsigned i = 1; i < slots; i++)
		if (free_at[i] < *first)
			first = &free_at[i];
	return first;
}

/* When a job ends that starts now and stands still while all does. */
static double end_of(const struct lab_schedule *s, double start, double service)
{
	double end = start + service;

	return start < s->blocked_from && end > s->blocked_from
		       ? end + s->blocked_to - s->blocked_from
		       : end;
}

static double start_of(const struct lab_schedule *s, double at)
{
	return at >= s->blocked_from && at < s->blocked_to ? s->blocked_to : at;
}

static void serve(const struct lab_schedule *s, struct lab_waits *w, double *free_at)
{
	struct plan plan;

	plan_init(&plan, s->arrival, s->rate, s->seed, s->targets);
	for (uint64_t i = 0; i < s->requests; i++) {
		struct planned next = plan_next(&plan);
		double at = (double)next.at_ns / (double)NS_PER_S, service = s->service[next.target];
		unsigned queue = s->queue ? s->queue[next.target] : 0;
		double *slot = first_free(free_at + (size_t)queue * s->slots, s->slots);
		double start = start_of(s, fmax(at, *slot));

		*slot = end_of(s, start, service);
		w->latency[i] = *slot - at;
		w->mean_wait += (w->latency[i] - service) / (double)s->requests;
		w->mean_service += service / (double)s->requests;
		w->longest_wait = fmax(w->longest_wait, w->latency[i] - service);
	}
}

int lab_schedule_waits(const struct lab_schedule *s, struct lab_waits *w)
{
	double *free_at = calloc((size_t)s->queues * s->slots, sizeof *free_at);

	memset(w, 0, sizeof *w);
	w->count = s->requests;
	w->latency = calloc(s->requests, sizeof *w->latency);
	if (free_at && w->latency)
		serve(s, w, free_at);
	free(free_at);
	if (!free_at || !w->latency) {
		lab_waits_fini(w);
		return -ENOMEM;
	}
	qsort(w->latency, w->count, sizeof *w->latency, compare);
	return 0;
}

void lab_waits_fini(struct lab_waits *w)
{
	free(w->latency);
	w->latency = NULL;
	w->count = 0;
}

double lab_waits_quantile(const struct lab_waits *w, double q)
{
	uint64_t rank = (uint64_t)ceil(q * (double)w->count);

	return w->count ? w->latency[rank ? rank - 1 : 0] : 0;
}

uint64_t lab_waits_count_above(const struct lab_waits *w, double seconds)
{
	uint64_t count = 0;

	for (uint64_t i = 0; i < w->count; i++)
		count += w->latency[i] > seconds;
	return count;
}
