/* Workers and threads for so many slots.  Runs in: any. */
#include "metrics/shape.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* What a thread more may take in a worker, at most: its stack, as far as it is used, and its heap. */
#define THREAD_BYTES (256u << 10)

/* Whether the memory that is left allows that, beside the workers that run. */
static bool fits(const struct evidence *e, unsigned workers, unsigned threads)
{
	if (!e->worker_bytes || !e->available_bytes)
		return true;
	uint64_t more = threads > e->threads ? threads - e->threads : 0;
	uint64_t each = e->worker_bytes + more * THREAD_BYTES;

	return workers * each <= e->workers * e->worker_bytes + e->available_bytes;
}

static unsigned divided(unsigned slots, unsigned workers)
{
	return (slots + workers - 1) / workers;
}

/* Fewer workers with more threads each take less memory; if that is too much, fewer slots. */
static void fit_shape(struct advice *a, const struct evidence *e, unsigned wanted)
{
	size_t len = strlen(a->shape);

	a->workers = wanted;
	a->threads = divided(a->slots_needed, wanted);
	while (a->workers > 1 && !fits(e, a->workers, a->threads))
		a->threads = divided(a->slots_needed, --a->workers);
	while (a->threads > 1 && !fits(e, a->workers, a->threads))
		a->threads--;
	if (a->workers * a->threads < a->slots_needed)
		snprintf(a->shape + len, sizeof a->shape - len,
			 "; memory allows no more than %u slots", a->workers * a->threads);
	else if (a->workers < wanted)
		snprintf(a->shape + len, sizeof a->shape - len,
			 "; memory allows no more than %u workers", a->workers);
}

void shape_choose(struct advice *a, const struct evidence *e)
{
	unsigned wanted;
	/*
	 * As many processes as CPUs they keep busy, and two
	 * at least: one serves while one restarts.
	 */
	double cpus = evidence_busy_cpus(e);

	if (a->computing >= 0.5) {
		wanted = e->cpus;
		snprintf(a->shape, sizeof a->shape,
			 "CPU-bound (%.0f %% of the service time is CPU%s): a worker for each CPU; "
			 "threads beyond that share them",
			 100 * a->computing, e->cpu_delay > 0 ? ", or the wait for one" : "");
	} else {
		wanted = (unsigned)ceil(cpus / 0.7);
		wanted = wanted < 2 ? 2 : wanted > e->cpus && e->cpus > 1 ? e->cpus : wanted;
		snprintf(
			a->shape, sizeof a->shape,
			"blocking (%.0f %% of the service time is CPU): threads are enough for the "
			"waiting, workers for the CPUs they use",
			100 * e->cpu_share);
	}
	fit_shape(a, e, wanted > a->slots_needed ? a->slots_needed : wanted);
}

void shape_refuse_more_slots(struct advice *a, const struct evidence *e)
{
	a->slots_needed = 0;
	snprintf(a->shape, sizeof a->shape,
		 "the CPUs are the limit: more slots would only share them; a worker for each of "
		 "the %u CPUs keeps them busy, more CPUs or less computing a request shorten the "
		 "wait",
		 e->cpus);
}
