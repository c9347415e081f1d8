/* What advice is made from.  Runs in: any. */
#include "metrics/evidence.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <littled/app.h>

#include "base/clock.h"
#include "metrics/ring.h"

static bool is_for_slots(const struct snapshot *s, unsigned route)
{
	return board_route(s->board, route)->class == LTD_SLOT;
}

static void keep_if_busy(struct evidence *e, const struct evidence_route *r)
{
	unsigned at = e->route_count;

	while (at > 0 && e->route[at - 1].busy_slots < r->busy_slots)
		at--;
	if (at == EVIDENCE_ROUTES)
		return;
	unsigned moved = e->route_count - at;
	if (e->route_count == EVIDENCE_ROUTES)
		moved--;
	else
		e->route_count++;
	memmove(&e->route[at + 1], &e->route[at], moved * sizeof *e->route);
	e->route[at] = *r;
}

static void take_routes(struct evidence *e, const struct snapshot *s)
{
	uint64_t cpu_ns = 0, measured_ns = 0;

	for (unsigned i = 0; i < s->board->routes; i++) {
		const struct route_totals *t = &s->window->route[i];
		struct evidence_route r = { .cpu_share = totals_cpu_share(t) };

		if (!is_for_slots(s, i) || !t->service.count)
			continue;
		snprintf(r.name, sizeof r.name, "%s", board_route(s->board, i)->name);
		r.rate = (double)t->service.count / e->window_s;
		r.mean_s = hist_mean_ns(&t->service) / NS_PER_S;
		r.busy_slots = (double)t->service.sum_ns / NS_PER_S / e->window_s;
		cpu_ns += t->cpu_ns;
		measured_ns += t->cpu_service_ns;
		hist_add(&e->service, &t->service);
		hist_add(&e->wait, &t->wait);
		keep_if_busy(e, &r);
	}
	e->cpu_share = measured_ns ? (double)cpu_ns / (double)measured_ns : 0;
}

/* A second with fewer than this part of the busiest one's requests has no load. */
#define IDLE_PART 0.05

/* The seconds of a window, newest first, and those of them under load. */
struct seconds {
	uint64_t arrivals[BOARD_RING];
	unsigned count;
	unsigned from, to; /* whole seconds of load: [from, to) */
	double loaded;     /* with the parts of seconds in which it began or ended */
};

static double mean_of(const struct seconds *s)
{
	double sum = 0;

	for (unsigned i = s->from; i < s->to; i++)
		sum += (double)s->arrivals[i];
	return s->to > s->from ? sum / (s->to - s->from) : 0;
}

/* The load's first and last second are not whole when idle ones are beside them, or they look so. */
static void find_load(struct seconds *s)
{
	uint64_t most = 0;
	unsigned first = 0, last = s->count;

	for (unsigned i = 0; i < s->count; i++)
		most = s->arrivals[i] > most ? s->arrivals[i] : most;
	while (first < last && (double)s->arrivals[first] <= IDLE_PART * (double)most)
		first++;
	while (last > first && (double)s->arrivals[last - 1] <= IDLE_PART * (double)most)
		last--;
	s->from = first;
	s->to = last;
	double half = mean_of(s) / 2;
	if (first < last && (first > 0 || (double)s->arrivals[first] < half))
		s->from++;
	if (last > s->from && (last < s->count || (double)s->arrivals[last - 1] < half))
		s->to--;
	s->loaded = s->count;
	if (s->to < s->from + 2) { /* too little to tell */
		s->from = 0;
		s->to = s->count;
		return;
	}
	double mean = mean_of(s);
	s->loaded = s->to - s->from;
	if (s->from > first)
		s->loaded += fmin((double)s->arrivals[first] / mean, 1);
	if (s->to < last)
		s->loaded += fmin((double)s->arrivals[last - 1] / mean, 1);
}

/* Requests that arrived in each of the seconds: the variance of their number over its mean. */
static void take_variability(struct evidence *e, const struct seconds *s, double slot_part)
{
	double mean = mean_of(s), squares = 0;
	unsigned n = s->to - s->from;

	e->Ca2 = 1;
	e->Ca2_seconds = n;
	for (unsigned i = s->from; i < s->to; i++)
		squares += ((double)s->arrivals[i] - mean) * ((double)s->arrivals[i] - mean);
	if (n < 2 || mean <= 0)
		return;
	e->Ca2 = fmax(0, 1 + slot_part * (squares / (n - 1) / mean - 1));
}

/* What was divided by the window is to be divided by the time of load. */
static void scale_to_load(struct evidence *e, double loaded_s)
{
	double *const scaled[] = { &e->arrival_rate, &e->L_wait,   &e->L_read,
				   &e->L_slot,       &e->L_inline, &e->L_write };
	double factor = e->window_s / loaded_s;

	if (factor <= 1)
		return;
	e->loaded_s = loaded_s;
	for (unsigned i = 0; i < sizeof scaled / sizeof *scaled; i++)
		*scaled[i] *= factor;
	e->L_slot = fmin(e->L_slot, e->slots);
	for (unsigned i = 0; i < e->route_count; i++) {
		e->route[i].rate *= factor;
		e->route[i].busy_slots *= factor;
	}
}

static uint64_t shed_of(const struct totals *t)
{
	return t->counter[COUNTER_SHED_QUEUE_FULL] + t->counter[COUNTER_SHED_QUEUE_TIMEOUT] +
	       t->counter[COUNTER_SHED_DELAY];
}

void evidence_take(struct evidence *e, const struct snapshot *s, unsigned cpus)
{
	const struct law *l = &s->law;

	memset(e, 0, sizeof *e);
	e->window_s = e->loaded_s = l->window_s;
	e->workers = s->board->workers;
	e->threads = s->board->threads;
	e->slots = s->slots;
	e->cpus = cpus;
	e->L_wait = l->L_wait;
	e->L_read = l->L_read;
	e->L_slot = l->L_slot;
	e->L_inline = l->L_inline;
	e->L_write = l->L_write;
	e->shed = shed_of(s->window);
	e->most = s->most;
	if (e->window_s <= 0)
		return;
	take_routes(e, s);

	/*
	 * What is served follows what arrives; while a
	 * queue grows, or is shed or left, more arrives.
	 */
	uint64_t ended = l->completions - l->lost;
	uint64_t unserved = e->shed + s->window->close[CLOSE_CLIENT_WAITING];
	double slot_part = ended ? (double)e->service.count / (double)ended : 0;
	double unserved_part = ended ? (double)unserved / (double)ended : 0;
	e->arrival_rate = l->lambda * fmin(slot_part + unserved_part, 1);

	struct seconds seconds = { 0 };
	seconds.count = ring_arrivals(s->board, (unsigned)lround(e->window_s), seconds.arrivals);
	find_load(&seconds);
	take_variability(e, &seconds, fmin(slot_part, 1));
	if (seconds.loaded < seconds.count)
		scale_to_load(e, seconds.loaded);
}
