/* Counting what came of the requests.  Runs in: any; one writer. */
#include "cmd/bench_result.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* Growth below this cannot be told from chance in a run of sensible length: a part of the
 * arrivals, and standard deviations of a Poisson count (services vary too: hence so many). */
#define GROWTH_PART 0.02
#define GROWTH_SIGMAS 4
#define LAG_LIMIT_NS (1 * NS_PER_MS)

const char *const outcome_names[OUTCOMES] = {
	[OUTCOME_OK] = "ok",
	[OUTCOME_SHED] = "status_503",
	[OUTCOME_CLIENT] = "status_4xx",
	[OUTCOME_SERVER] = "status_5xx",
	[OUTCOME_CONNECT] = "connect",
	[OUTCOME_RESET] = "reset",
	[OUTCOME_CLOSED] = "closed",
	[OUTCOME_PROTOCOL] = "protocol",
	[OUTCOME_TIMEOUT] = "timeout",
	[OUTCOME_LOCAL] = "local",
};

enum outcome outcome_of_status(unsigned status)
{
	if (status == 503)
		return OUTCOME_SHED;
	if (status >= 500)
		return OUTCOME_SERVER;
	return status >= 400 ? OUTCOME_CLIENT : OUTCOME_OK;
}

int result_init(struct result *r, unsigned targets)
{
	memset(r, 0, sizeof *r);
	r->target = calloc(targets, sizeof *r->target);
	r->count = targets;
	return r->target ? 0 : -ENOMEM;
}

void result_fini(struct result *r)
{
	free(r->target);
	r->target = NULL;
}

void result_offer(struct result *r, unsigned target)
{
	r->target[target].offered++;
}

static void note_quarter(struct result *r, const struct ending *e)
{
	int i = (int)(e->at * RESULT_QUARTERS);
	struct quarter *q = &r->quarter[i < 0 ? 0 : i < RESULT_QUARTERS ? i : RESULT_QUARTERS - 1];

	q->count++;
	q->latency_s += (double)(e->ended_ns - e->intended_ns) / (double)NS_PER_S;
}

void result_end(struct result *r, const struct ending *e)
{
	struct target_result *t = &r->target[e->target];

	t->by_outcome[e->outcome]++;
	note_quarter(r, e);
	if (e->outcome != OUTCOME_OK)
		return;
	hist_record(&t->latency, e->ended_ns - e->intended_ns);
	hist_record(&t->service, e->ended_ns - e->sent_ns);
}

uint64_t result_total(const struct result *r, enum outcome o)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < r->count; i++)
		sum += r->target[i].by_outcome[o];
	return sum;
}

uint64_t result_offered(const struct result *r)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < r->count; i++)
		sum += r->target[i].offered;
	return sum;
}

uint64_t result_answered(const struct result *r)
{
	uint64_t sum = 0;

	for (enum outcome o = OUTCOME_OK; o <= OUTCOME_SERVER; o++)
		sum += result_total(r, o);
	return sum;
}

uint64_t result_errors(const struct result *r)
{
	uint64_t sum = 0;

	for (enum outcome o = OUTCOME_CLIENT; o < OUTCOMES; o++)
		sum += result_total(r, o);
	return sum;
}

static double quarter_mean_s(const struct quarter *q)
{
	return q->count ? q->latency_s / (double)q->count : 0;
}

static bool latency_grows(const struct result *r, double window_s)
{
	double first = quarter_mean_s(&r->quarter[0]), last = first;

	for (int i = 1; i < RESULT_QUARTERS; i++) {
		double mean = quarter_mean_s(&r->quarter[i]);

		if (mean < last)
			return false;
		last = mean;
	}
	/* From the middle of the first to the middle of the last. */
	return last - first > GROWTH_PART * window_s * (RESULT_QUARTERS - 1) / RESULT_QUARTERS;
}

bool result_is_unstable(const struct result *r)
{
	double arrivals = (double)r->flow.arrivals;
	double grown = (double)r->flow.at_close.in_flight - (double)r->flow.at_open.in_flight;
	double chance = GROWTH_SIGMAS * sqrt(arrivals);

	return r->is_open_loop && grown > fmax(chance, GROWTH_PART * arrivals) &&
	       latency_grows(r, flow_law(&r->flow).window_s);
}

bool result_lags(const struct result *r)
{
	struct hist_sum lag = { 0 };

	hist_merge(&lag, &r->lag);
	return r->is_open_loop && hist_quantile_ns(&lag, 0.99) > (double)LAG_LIMIT_NS;
}
