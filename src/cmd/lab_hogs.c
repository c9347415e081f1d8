/*
 * Experiments on what holds a slot for long: 11 to 13.  Runs in: the lab's process.
 *
 * A steady stream of quick requests runs beside it; who of
 * them is delayed, and by how much, is the verdict.
 */
#include "cmd/lab_hogs.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/lab_open.h"
#include "cmd/lab_peer.h"

#define DELAYED_S .020 /* what a wait must exceed to be told from noise */

/* --- 11 and 12 ---------------------------------------------------------------- */

#define HOG_S 5.0
#define STREAM_RATE 50.0
#define STREAM_S 12.0

/* One slow request, and then a stream of quick ones. */
static int hog_on(struct lab *lab, const struct lab_server *s, struct buf *urls, struct lab_open *r,
		  struct lab_waits *waits, struct lab_seen *seen)
{
	char path[48];
	int error = lab_measure_overhead(lab, s, &lab_short_sleep, &r->service[0]);

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
		error = lab_run_open(lab, r, waits, seen);
	close(hog);
	return error;
}

static uint64_t delayed(const struct lab_seen *seen, double S)
{
	return lab_count_above(&seen->latency, (uint64_t)((S + DELAYED_S) * (double)NS_PER_S));
}

static int one_slot_on(struct lab *lab, const struct lab_server *s, struct buf *urls)
{
	struct lab_open r = { .schedule = {
				      .queues = 1, .slots = 1, .blocked_to = HOG_S * lab->scale } };
	struct lab_waits waits;
	struct lab_seen seen;
	int error = hog_on(lab, s, urls, &r, &waits, &seen);

	if (error)
		return error;
	lab_note_figure(lab, "s", waits.longest_wait,
			(double)seen.latency.max_ns / (double)NS_PER_S - r.service[0], lab_of_time,
			"50 a second behind a slow one, longest wait");
	lab_note_figure(lab, "s", waits.mean_wait, lab_mean_latency(&seen) - r.service[0],
			lab_of_time, "50 a second behind a slow one, mean wait");
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
	return lab_with_server(lab, &(struct lab_shape){ .workers = 1, .threads = 1 }, one_slot_on);
}

static int free_slots_on(struct lab *lab, const struct lab_server *s, struct buf *urls)
{
	struct lab_open r = { .schedule = { .queues = 1, .slots = 1 } };
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
#define MIX_S 25.0

static int mix_on(struct lab *lab, const struct lab_server *s, struct buf *urls, unsigned slots)
{
	struct lab_open r = { .schedule = { .queues = 1, .slots = slots } };
	double overhead, sum = 0;
	struct lab_waits waits;
	struct lab_seen seen;
	int error = lab_measure_overhead(lab, s, &lab_short_sleep, &overhead);

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
		error = lab_run_open(lab, &r, &waits, &seen);
	if (error)
		return error;
	lab_note_figure(lab, "s", waits.mean_wait, lab_mean_latency(&seen) - waits.mean_service,
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
		error = lab_with_server(lab,
					&(struct lab_shape){ .workers = 2, .threads = threads[i] },
					free_slots_on);
	if (!error)
		error = lab_with_server(lab, &(struct lab_shape){ .workers = 1, .threads = 1 },
					mix_on_one);
	return error ? error
		     : lab_with_server(lab, &(struct lab_shape){ .workers = 5, .threads = 1 },
				       mix_on_five);
}
