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
#define HALF_LEAST 0.25 /* of the growth, in either half: steady growth is a half in each */
#define TREND_LEAST 10  /* answers: through fewer any line may be drawn */
#define LAG_LIMIT_NS (1 * NS_PER_MS)

const char *const outcome_names[OUTCOMES] = {
	[OUTCOME_OK] = "ok",
	[OUTCOME_SHED] = "status_503",
	[OUTCOME_CLIENT] = "status_4xx",
	[OUTCOME_SERVER] = "status_5xx",
	[OUTCOME_REFUSED] = "refused",
	[OUTCOME_CONNECT] = "connect",
	[OUTCOME_RESET] = "reset",
	[OUTCOME_CLOSED] = "closed",
	[OUTCOME_PROTOCOL] = "protocol",
	[OUTCOME_TIMEOUT] = "timeout",
	[OUTCOME_LOCAL] = "local",
	[OUTCOME_UNFINISHED] = "unfinished",
};

const char *const outcome_texts[OUTCOMES] = {
	[OUTCOME_OK] = "answered with a status below 400",
	[OUTCOME_SHED] = "answered with status 503",
	[OUTCOME_CLIENT] = "answered with a status of 400 to 499",
	[OUTCOME_SERVER] = "answered with a status of 500 or more, but 503",
	[OUTCOME_REFUSED] = "connection refused",
	[OUTCOME_CONNECT] = "no connection",
	[OUTCOME_RESET] = "connection reset",
	[OUTCOME_CLOSED] = "closed before the answer was whole",
	[OUTCOME_PROTOCOL] = "the answer was not HTTP",
	[OUTCOME_TIMEOUT] = "no whole answer in time",
	[OUTCOME_LOCAL] = "the generator had no descriptor, port or memory for it",
	[OUTCOME_UNFINISHED] = "under way when the run ended",
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

/* Of what was served; a quick refusal tells nothing of the queue. */
static void note_trend(struct result *r, const struct ending *e)
{
	double x = e->at, y = (double)(e->ended_ns - e->intended_ns) / (double)NS_PER_S;
	struct trend *t = &r->trend;

	bool is_served = e->outcome <= OUTCOME_SERVER && e->outcome != OUTCOME_SHED;
	if (!is_served && e->outcome != OUTCOME_TIMEOUT) /* that took so long at least */
		return;
	t->count++;
	t->x += x, t->y += y;
	t->xx += x * x, t->xy += x * y, t->yy += y * y;
}

void result_end(struct result *r, const struct ending *e)
{
	struct target_result *t = &r->target[e->target];

	t->by_outcome[e->outcome]++;
	note_trend(r, e);
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

	for (enum outcome o = OUTCOME_CLIENT; o < OUTCOME_UNFINISHED; o++)
		sum += result_total(r, o);
	return sum;
}

/* The latency over the place in the window, by least squares; all 0: too few answers. */
struct line {
	double slope_s, error_s; /* the slope's standard error */
	double begin_s;
};

static struct line fit(const struct trend *t)
{
	struct line l = { 0 };

	if (t->count < TREND_LEAST)
		return l;
	double xx = t->xx - t->x * t->x / t->count, yy = t->yy - t->y * t->y / t->count,
	       xy = t->xy - t->x * t->y / t->count;
	if (xx > 0) {
		l.slope_s = xy / xx;
		l.error_s = sqrt(fmax(yy - l.slope_s * xy, 0) / (t->count - 2) / xx);
	}
	l.begin_s = fmax((t->y - l.slope_s * t->x) / t->count, 0);
	return l;
}

/* Above the limit, and above chance. */
static bool latency_grows(const struct trend *t, double limit_s)
{
	struct line l = fit(t);

	return l.slope_s > limit_s && l.slope_s > GROWTH_SIGMAS * l.error_s;
}

static bool is_steady_growth(const struct flow *f)
{
	double open = (double)f->at_open.in_flight, half = (double)f->at_half.in_flight,
	       close = (double)f->at_close.in_flight;

	return f->half_ns == UINT64_MAX ||
	       fmin(half - open, close - half) > (close - open) * HALF_LEAST;
}

static bool queue_grows(const struct result *r)
{
	const struct flow *f = &r->flow;
	double arrivals = (double)f->arrivals;
	/* What was never issued is not counted, so that the edges tell nothing when it was much. */
	double close = (double)(r->was_cut ? r->left_at_cut : f->at_close.in_flight);
	/*
	 * At a steady latency so many are in flight, or all
	 * as long as none has left (Little's law).
	 */
	double window_s = flow_law(f).window_s;
	double steady = arrivals / window_s * fmin(fit(&r->trend).begin_s, window_s);
	double grown = close - fmax((double)f->at_open.in_flight, steady);

	return grown > fmax(GROWTH_SIGMAS * sqrt(arrivals), GROWTH_PART * arrivals) &&
	       (r->was_cut || is_steady_growth(f));
}

bool result_is_mostly_late(const struct result *r)
{
	return r->is_open_loop && 2 * result_total(r, OUTCOME_TIMEOUT) > result_offered(r);
}

bool result_is_unstable(const struct result *r)
{
	double limit_s = GROWTH_PART * flow_law(&r->flow).window_s;

	if (!r->is_open_loop)
		return false;
	/* Given up one by one, a queue grows no longer than the timeout. */
	return result_is_mostly_late(r) ? latency_grows(&r->trend, 0)
					: queue_grows(r) && latency_grows(&r->trend, limit_s);
}

bool result_has_percentiles(const struct result *r)
{
	return !r->was_cut && !result_is_unstable(r) && !result_is_mostly_late(r);
}

bool result_lags(const struct result *r)
{
	struct hist_sum lag = { 0 };

	hist_merge(&lag, &r->lag);
	return r->is_open_loop && hist_quantile_ns(&lag, 0.99) > (double)LAG_LIMIT_NS;
}
