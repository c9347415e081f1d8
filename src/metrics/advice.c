/* What a service needs, and what would be if.  Runs in: any. */
#include "metrics/advice.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "metrics/queueing.h"
#include "metrics/shape.h"
#include "metrics/simulation.h"
#include "metrics/verdict.h"

const char *const forecast_state_names[FORECAST_STATES] = {
	[FORECAST_STABLE] = "stable",
	[FORECAST_UNSTABLE] = "unstable",
	[FORECAST_CLOSED] = "closed",
};

/* Searching needs no fine tails: so many arrivals a step. */
#define SEARCH_ARRIVALS 200000
#define SEARCH_STEPS 12
#define SLOTS_MOST 65536

/*
 * Clients that wait for their answers ask no faster than those come: every slot is busy, and yet no
 * more arrives than is served.  Or nearly so, and far fewer wait than if arrivals were independent.
 */
#define SATURATED 0.97
#define NEARLY_SATURATED 0.9
#define SERVED_MOST 1.02

/* Utilisation above which a queue is taken for one that grows. */
#define STABLE_MOST 0.995

/* --- what would be ------------------------------------------------------------------- */

struct study {
	const struct evidence *e;
	const struct advice_question *q;
	struct service_times *service;
	struct simulated *result;
	double S, Cs2, Ca2;
	unsigned burst;
	uint64_t seed;
	bool is_closed;
};

static int simulate(struct study *s, double rate, unsigned slots, double factor, uint64_t arrivals)
{
	const struct simulation run = {
		.service = s->service,
		.service_factor = factor,
		.rate = rate,
		.Ca2 = s->Ca2,
		.burst = s->burst,
		.slots = slots,
		.arrivals = arrivals,
		.seed = s->seed,
	};

	return simulation_run(&run, s->result);
}

static double utilisation(const struct study *s, double rate, unsigned slots, double factor)
{
	return rate * s->S * factor / slots;
}

static double quantile_s(const struct hist_sum *h, double q)
{
	return hist_quantile_ns(h, q) / NS_PER_S;
}

static bool keeps_target(struct study *s, double rate, unsigned slots)
{
	if (utilisation(s, rate, slots, 1) > STABLE_MOST ||
	    simulate(s, rate, slots, 1, SEARCH_ARRIVALS) < 0)
		return false;
	return quantile_s(&s->result->wait, .99) <= s->q->target_wait_s;
}

/* More slots never make the same requests wait longer: so halving finds the fewest. */
static unsigned find_slots(struct study *s)
{
	double rate = s->e->arrival_rate;
	unsigned low = queueing_slots_for(rate, s->S, 1), high = low;

	while (!keeps_target(s, rate, high)) {
		low = high + 1;
		high = high * 2;
		if (high > SLOTS_MOST)
			return 0;
	}
	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (keeps_target(s, rate, middle))
			high = middle;
		else
			low = middle + 1;
	}
	return high;
}

static double find_headroom(struct study *s)
{
	double low = 0, high = STABLE_MOST * s->e->slots / s->S;

	for (unsigned i = 0; i < SEARCH_STEPS; i++) {
		double middle = (low + high) / 2;

		if (keeps_target(s, middle, s->e->slots))
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Little's law, and that a slot which falls free is taken at once. */
static void forecast_closed(struct study *s, struct forecast *f, double clients)
{
	double service = s->S * f->service_factor, busy = fmin(clients, f->slots);

	f->state = FORECAST_CLOSED;
	f->rate = busy / service;
	f->utilisation = busy / f->slots;
	f->mean_wait = clients > f->slots ? clients / f->rate - service : 0;
}

static int forecast_open(struct study *s, struct forecast *f)
{
	f->utilisation = utilisation(s, f->rate, f->slots, f->service_factor);
	f->state = f->utilisation <= STABLE_MOST ? FORECAST_STABLE : FORECAST_UNSTABLE;
	if (f->state == FORECAST_UNSTABLE)
		return 0;
	int error = simulate(s, f->rate, f->slots, f->service_factor, s->q->arrivals);
	if (error < 0)
		return error;
	const struct simulated *r = s->result;
	f->waiting_part = r->waiting_part;
	f->mean = hist_mean_ns(&r->wait) / NS_PER_S;
	f->mean_wait = s->burst > 1 ? f->mean
				    : queueing_wait_ggc(f->slots, f->rate, s->S * f->service_factor,
							s->Ca2, s->Cs2);
	f->p50 = quantile_s(&r->wait, .5);
	f->p95 = quantile_s(&r->wait, .95);
	f->p99 = quantile_s(&r->wait, .99);
	f->total_p99 = quantile_s(&r->total, .99);
	return 0;
}

/* Who asks for a rate asks for open arrivals. */
static int forecast(struct study *s, struct advice *a, const char *label, const struct what_if *w)
{
	if (a->forecast_count == ADVICE_FORECASTS)
		return 0;
	struct forecast *f = &a->forecast[a->forecast_count++];

	snprintf(f->label, sizeof f->label, "%s", label);
	f->rate = w->rate > 0 ? w->rate : s->e->arrival_rate;
	f->slots = w->slots ? w->slots : s->e->slots;
	f->service_factor = w->service_factor > 0 ? w->service_factor : 1;
	if (!s->is_closed || w->rate > 0)
		return forecast_open(s, f);
	forecast_closed(s, f, a->clients * (w->clients_factor > 0 ? w->clients_factor : 1));
	return 0;
}

/* More of the same load: of a closed loop, more clients. */
static int forecast_more(struct study *s, struct advice *a, double factor)
{
	struct what_if w = { .rate = s->is_closed ? 0 : s->e->arrival_rate * factor,
			     .clients_factor = factor };
	char label[32];

	snprintf(label, sizeof label, "%s x %g", s->is_closed ? "clients" : "rate", factor);
	return forecast(s, a, label, &w);
}

static int forecast_all(struct study *s, struct advice *a)
{
	const struct evidence *e = s->e;
	int error = forecast(s, a, "now", &(struct what_if){ 0 });

	if (!error && a->slots_needed && a->slots_needed != e->slots)
		error = forecast(s, a, "with the slots it needs",
				 &(struct what_if){ .slots = a->slots_needed });
	if (!error)
		error = forecast_more(s, a, 1.5);
	if (!error)
		error = forecast_more(s, a, 2);
	if (!error)
		error = forecast(s, a, "service x 1.5", &(struct what_if){ .service_factor = 1.5 });
	for (unsigned i = 0; i < s->q->what_if_count && !error; i++)
		error = forecast(s, a, "asked", &s->q->what_if[i]);
	return error;
}

/* --- bursts -------------------------------------------------------------------------- */

/* Windows like the one that was seen, each with as many requests, but no more than these. */
#define LIKE_WINDOWS 20
#define LIKE_ARRIVALS 20000

/* Waits are far longer than others when they are twice as long, and that much more. */
#define FAR_TIMES 2
#define FAR_MEAN_S 0.005
#define FAR_P99_S 0.020

/* The most that are taken to arrive at once when it is not known how many were. */
#define BURST_MOST 4096

static double simulated_mean_s(const struct study *s)
{
	return hist_mean_ns(&s->result->wait) / NS_PER_S;
}

/*
 * A window is one sample of a random thing, and of a busy queue a poor one: what is measured is far
 * above the forecast when it is far above every one of a score of windows that come of it.
 */
static bool waits_far_longer(struct study *s, const struct advice *a)
{
	const struct evidence *e = s->e;
	uint64_t arrivals = e->service.count < LIKE_ARRIVALS ? e->service.count : LIKE_ARRIVALS;
	bool is_far = true;

	for (unsigned i = 0; i < LIKE_WINDOWS && is_far; i++) {
		s->seed = s->q->seed + i;
		if (simulate(s, e->arrival_rate, e->slots, 1, arrivals) < 0)
			break;
		is_far = a->measured_mean > FAR_TIMES * simulated_mean_s(s) + FAR_MEAN_S ||
			 a->measured_p99 > FAR_TIMES * quantile_s(&s->result->wait, .99) + FAR_P99_S;
	}
	s->seed = s->q->seed;
	return is_far;
}

/* The smallest that makes the mean wait what it was; larger ones never wait less. */
static unsigned find_burst(struct study *s, const struct advice *a)
{
	unsigned low = 1, high = s->e->most ? s->e->most : BURST_MOST;

	while (low < high) {
		s->burst = low + (high - low) / 2;
		if (simulate(s, s->e->arrival_rate, s->e->slots, 1, SEARCH_ARRIVALS) < 0)
			return 1;
		if (simulated_mean_s(s) >= a->measured_mean)
			high = s->burst;
		else
			low = s->burst + 1;
	}
	return high;
}

/*
 * Of a closed loop, and of a queue that grows, waits say nothing of how arrivals vary; CPUs that are
 * busy slow what is in slots, and waits with it.
 */
static void explain_waits(struct study *s, struct advice *a)
{
	a->burst = s->burst = 1;
	if (s->is_closed || a->bound == BOUND_CPU ||
	    utilisation(s, s->e->arrival_rate, s->e->slots, 1) > STABLE_MOST ||
	    !waits_far_longer(s, a))
		return;
	if (a->bound != BOUND_ACCEPT) {
		a->burst = s->burst = find_burst(s, a);
		a->is_unexplained = waits_far_longer(s, a);
	} else {
		a->is_unexplained = true;
	}
	if (a->is_unexplained)
		a->burst = s->burst = 1;
}

/* --- all of it ----------------------------------------------------------------------- */

/* One round of the slots more or less, as the window's edges have it, is no excess. */
static bool is_more_than_served(const struct study *s)
{
	const struct evidence *e = s->e;
	double served_rate = e->slots / s->S;

	return e->arrival_rate > served_rate * SERVED_MOST &&
	       (e->arrival_rate - served_rate) * e->loaded_s > e->slots;
}

static bool is_closed_loop(const struct study *s, const struct advice *a)
{
	const struct evidence *e = s->e;

	if (evidence_rho(e) < NEARLY_SATURATED || is_more_than_served(s))
		return false;
	double independent =
		queueing_wait_ggc(e->slots, e->arrival_rate, s->S, fmax(e->Ca2, 1), s->Cs2);
	return evidence_rho(e) >= SATURATED ||
	       (e->L_wait >= 1 && a->measured_mean < independent / 2);
}

/*
 * More at once than arrivals make that vary as the seconds show.  Where nothing waits, Poisson arrivals
 * have a Poisson number in slots, whatever the service times: six standard deviations are not by chance.
 */
static bool is_peaked(const struct evidence *e)
{
	double L = e->L_slot + e->L_wait;

	return evidence_rho(e) <= 0.5 && e->most > L + 6 * sqrt(L * fmax(e->Ca2, 1)) + 3;
}

/* Whatever a forecast says: fewer slots do not keep a target that is missed with these. */
static void hold_to_what_was_measured(struct study *s, struct advice *a)
{
	const struct evidence *e = s->e;
	bool is_missed = a->measured_p99 > s->q->target_wait_s;

	if (is_missed)
		a->headroom_rate = fmin(a->headroom_rate, e->arrival_rate);
	if (a->slots_needed && a->slots_needed < e->slots && (is_missed || is_peaked(e))) {
		a->slots_needed = e->slots;
		a->is_held = true;
	}
}

static void find_needs(struct study *s, struct advice *a)
{
	a->slots_needed = find_slots(s);
	if (a->is_closed && a->slots_needed && a->slots_needed < a->clients)
		a->slots_needed = (unsigned)ceil(a->clients - 0.5);
	a->headroom_rate = find_headroom(s);
	hold_to_what_was_measured(s, a);
}

static void say_why_no_fewer(struct study *s, struct advice *a)
{
	size_t len = strlen(a->shape), room = sizeof a->shape - len;

	if (a->measured_p99 > s->q->target_wait_s)
		snprintf(a->shape + len, room,
			 "; no fewer than now: the target is missed with these");
	else
		snprintf(a->shape + len, room,
			 "; no fewer than now: in bursts up to %u were at once", s->e->most);
}

static void advise_shape(struct study *s, struct advice *a)
{
	if (a->is_unexplained)
		snprintf(a->shape, sizeof a->shape,
			 "the waits that were measured are far longer than what these arrivals and "
			 "service times make: more slots may not shorten them");
	else if (a->bound == BOUND_CPU && a->slots_needed > s->e->slots)
		shape_refuse_more_slots(a, s->e);
	else if (a->slots_needed)
		shape_choose(a, s->e);
	else
		snprintf(a->shape, sizeof a->shape, "no number of slots keeps it");
	if (a->is_held)
		say_why_no_fewer(s, a);
}

static int study(struct advice *a, struct study *s)
{
	const struct evidence *e = s->e;

	a->clients = e->L_slot + e->L_wait;
	a->is_closed = s->is_closed = is_closed_loop(s, a);
	/*
	 * Of a closed loop arrivals vary as answers do:
	 * what independent clients would do is not seen.
	 */
	s->Ca2 = s->is_closed ? 1 : e->Ca2;
	explain_waits(s, a);
	if (!a->is_unexplained)
		find_needs(s, a);
	advise_shape(s, a);
	a->cpu_rate = e->cpu_share > 0 ? e->cpus / (s->S * e->cpu_share) : 0;
	return forecast_all(s, a);
}

int advice_of(struct advice *a, const struct evidence *e, const struct advice_question *q)
{
	struct study s = { .e = e, .q = q, .seed = q->seed };
	int error;

	memset(a, 0, sizeof *a);
	if (e->service.count < ADVICE_REQUESTS_MIN || !(e->arrival_rate > 0)) {
		a->bound = BOUND_NO_DATA;
		snprintf(a->evidence, sizeof a->evidence,
			 "%lu requests for slots in %.0f s; advice needs at least %u",
			 e->service.count, e->window_s, ADVICE_REQUESTS_MIN);
		return -ENODATA;
	}
	service_times_moments(&e->service, &s.S, &s.Cs2);
	a->mean_service = s.S;
	a->Cs2 = s.Cs2;
	a->measured_mean = hist_mean_ns(&e->wait) / NS_PER_S;
	a->measured_p50 = quantile_s(&e->wait, .5);
	a->measured_p99 = quantile_s(&e->wait, .99);
	a->computing = fmin(e->cpu_share * (1 + e->cpu_delay), 1);
	verdict_of(a, e);
	s.service = service_times_new(&e->service);
	s.result = calloc(1, sizeof *s.result);
	error = s.service && s.result ? study(a, &s) : -ENOMEM;
	service_times_free(s.service);
	free(s.result);
	return error;
}
