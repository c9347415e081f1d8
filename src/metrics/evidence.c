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
		struct evidence_route r = { .cpu_share = -1 };

		if (!is_for_slots(s, i) || !t->service.count)
			continue;
		snprintf(r.name, sizeof r.name, "%s", board_route(s->board, i)->name);
		r.rate = (double)t->service.count / e->window_s;
		r.mean_s = hist_mean_ns(&t->service) / NS_PER_S;
		r.busy_slots = (double)t->service.sum_ns / NS_PER_S / e->window_s;
		if (t->cpu_service_ns)
			r.cpu_share = (double)t->cpu_ns / (double)t->cpu_service_ns;
		cpu_ns += t->cpu_ns;
		measured_ns += t->cpu_service_ns;
		hist_add(&e->service, &t->service);
		hist_add(&e->wait, &t->wait);
		keep_if_busy(e, &r);
	}
	e->cpu_share = measured_ns ? (double)cpu_ns / (double)measured_ns : 0;
}

/* Requests that arrived in each of the last seconds: the variance of their number over its mean. */
static void take_variability(struct evidence *e, const struct snapshot *s, double slot_part)
{
	uint64_t arrivals[BOARD_RING];
	unsigned n = ring_arrivals(s->board, (unsigned)lround(e->window_s), arrivals);
	double mean = 0, squares = 0;

	e->Ca2 = 1;
	e->Ca2_seconds = n;
	for (unsigned i = 0; i < n; i++)
		mean += (double)arrivals[i] / n;
	for (unsigned i = 0; i < n; i++)
		squares += ((double)arrivals[i] - mean) * ((double)arrivals[i] - mean);
	if (n < 2 || mean <= 0)
		return;
	e->Ca2 = fmax(0, 1 + slot_part * (squares / (n - 1) / mean - 1));
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
	e->window_s = l->window_s;
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
	if (e->window_s <= 0)
		return;
	take_routes(e, s);

	/* What is served follows what arrives; while a queue grows, or is shed, more arrives. */
	uint64_t answered = l->completions - l->lost;
	double slot_part = answered ? (double)e->service.count / (double)answered : 0;
	e->arrival_rate = l->lambda *
			  fmin(slot_part + (answered ? (double)e->shed / (double)answered : 0), 1);
	take_variability(e, s, fmin(slot_part, 1));
}
