/* What limits a service.  Runs in: any. */
#include "metrics/verdict.h"

#include <stdio.h>
#include <string.h>

const char *const advice_bound_names[BOUND_COUNT] = {
#define BOUND(NAME, name, text) [BOUND_##NAME] = #name,
#include "metrics/bounds.def"
#undef BOUND
};

const char *const advice_bound_texts[BOUND_COUNT] = {
#define BOUND(NAME, name, text) [BOUND_##NAME] = text,
#include "metrics/bounds.def"
#undef BOUND
};

/* Handlers compute on all CPUs, or would if something else did not. */
static bool judge_cpu(struct advice *a, const struct evidence *e)
{
	bool is_crowded =
		a->computing >= 0.5 && e->cpu_delay >= 1 && e->L_slot * a->computing >= e->cpus;

	if (evidence_busy_cpus(e) < 0.85 * e->cpus && !is_crowded)
		return false;
	snprintf(a->evidence, sizeof a->evidence, "handlers keep %.2f of %u CPUs busy",
		 evidence_busy_cpus(e), e->cpus);
	size_t len = strlen(a->evidence);
	if (e->cpu_delay >= 1)
		snprintf(a->evidence + len, sizeof a->evidence - len,
			 ", and wait for one %.1f times as long as they run", e->cpu_delay);
	return true;
}

static bool judge_slots(struct advice *a, const struct evidence *e)
{
	if (evidence_rho(e) < 0.85 && !(evidence_rho(e) > 0.5 && e->L_wait > 0.1 * e->L_slot))
		return false;
	snprintf(a->evidence, sizeof a->evidence,
		 "%.1f of %u slots are busy, and %.1f requests wait for one", e->L_slot, e->slots,
		 e->L_wait);
	return true;
}

/* A route that holds most of the slots with a small part of the requests. */
static bool judge_route(struct advice *a, const struct evidence *e)
{
	const struct evidence_route *r = &e->route[0];

	if (!judge_slots(a, e) || e->route_count < 2 || r->busy_slots < 0.6 * e->L_slot ||
	    r->rate > 0.4 * e->arrival_rate)
		return false;
	snprintf(a->evidence, sizeof a->evidence,
		 "%s is %.0f %% of the requests and holds %.1f of the %.1f busy slots", r->name,
		 100 * r->rate / e->arrival_rate, r->busy_slots, e->L_slot);
	return true;
}

/* Waits that a mean of busy slots does not tell. */
static bool is_waiting_for_long(const struct advice *a, const struct evidence *e)
{
	return a->measured_mean >= 0.005 && evidence_rho(e) <= 0.5;
}

/* Free slots in the mean are no free slots at the moment of a burst. */
static bool judge_bursts(struct advice *a, const struct evidence *e)
{
	if (!is_waiting_for_long(a, e) || e->most <= e->slots)
		return false;
	snprintf(a->evidence, sizeof a->evidence,
		 "in bursts: up to %u requests at once for %u slots, of which %.1f are busy in the "
		 "mean; they wait %.1f ms",
		 e->most, e->slots, e->L_slot, a->measured_mean * 1e3);
	return true;
}

static bool judge_accept(struct advice *a, const struct evidence *e)
{
	if (!is_waiting_for_long(a, e))
		return false;
	snprintf(a->evidence, sizeof a->evidence,
		 "requests wait %.1f ms in the mean while %.1f of %u slots are free",
		 a->measured_mean * 1e3, e->slots - e->L_slot, e->slots);
	return true;
}

static bool judge_client(struct advice *a, const struct evidence *e)
{
	double client = e->L_read + e->L_write, server = e->L_wait + e->L_slot + e->L_inline;

	if (client < 1 || client < 2 * server)
		return false;
	snprintf(a->evidence, sizeof a->evidence,
		 "of %.1f requests at once %.1f are being read or written", client + server, client);
	return true;
}

static bool judge_nothing(struct advice *a, const struct evidence *e)
{
	snprintf(a->evidence, sizeof a->evidence,
		 "%.1f of %u slots and %.2f of %u CPUs are busy, %.1f requests wait", e->L_slot,
		 e->slots, evidence_busy_cpus(e), e->cpus, e->L_wait);
	return true;
}

/*
 * The first that holds: a route's share explains busy slots, busy CPUs explain both; clients that
 * hold connections for long explain why others wait to be accepted, unless there were more requests
 * at once than slots.
 */
void verdict_of(struct advice *a, const struct evidence *e)
{
	static const struct {
		enum advice_bound bound;
		bool (*holds)(struct advice *a, const struct evidence *e);
	} order[] = {
		{ BOUND_CPU, judge_cpu },         { BOUND_ROUTE, judge_route },
		{ BOUND_SLOTS, judge_slots },     { BOUND_CLIENT, judge_client },
		{ BOUND_SLOTS, judge_bursts },    { BOUND_ACCEPT, judge_accept },
		{ BOUND_NOTHING, judge_nothing },
	};

	for (unsigned i = 0; i < sizeof order / sizeof *order; i++)
		if (order[i].holds(a, e)) {
			a->bound = order[i].bound;
			return;
		}
}
