/*
 * Little's law from two readings; see law.h for what it is and why it holds.
 *
 * All differences are taken in integers modulo 2^64, where they are exact; only the
 * results, small again, become floating-point numbers.
 *
 * Runs in: any.
 */
#include "metrics/law.h"

#include "base/clock.h"

/* A request on its way between two workers is in neither's arrivals: for a moment, one less. */
static uint64_t more(uint64_t end, uint64_t start)
{
	return (int64_t)(end - start) > 0 ? end - start : 0;
}

struct window_edges {
	const struct ledger_sum *start, *end;
	uint64_t start_ns, end_ns;
};

static int64_t integral_within(const struct window_edges *w, enum flow_id f)
{
	return (int64_t)(flow_integral_ns(&w->end->flow[f], w->end_ns) -
			 flow_integral_ns(&w->start->flow[f], w->start_ns));
}

struct law law_of(const struct ledger_sum *start, uint64_t start_ns, const struct ledger_sum *end,
		  uint64_t end_ns, unsigned slots)
{
	const struct window_edges w = { start, end, start_ns, end_ns };
	struct law law = { 0 };

	if (end_ns <= start_ns)
		return law;

	double T = (double)(end_ns - start_ns);
	int64_t total = integral_within(&w, FLOW_TOTAL);
	int64_t times = (int64_t)(end->done_ns - start->done_ns);
	int64_t edge = (int64_t)(ledger_ages_ns(end, end_ns) - ledger_ages_ns(start, start_ns));

	law.window_s = T / NS_PER_S;
	law.arrivals = more(end->flow[FLOW_TOTAL].in, start->flow[FLOW_TOTAL].in);
	law.completions = end->flow[FLOW_TOTAL].out - start->flow[FLOW_TOTAL].out;
	law.lost = end->lost - start->lost;
	law.lambda = (double)law.arrivals / law.window_s;
	law.X = (double)law.completions / law.window_s;
	law.throughput = (double)(law.completions - law.lost) / law.window_s;
	law.L = (double)total / T;
	law.W_s = law.completions ? (double)times / (double)law.completions / NS_PER_S : 0;
	law.XW = (double)times / T;
	law.edge = (double)edge / T;
	law.residual = (double)(total - times - edge) / T;
	law.L_wait = (double)integral_within(&w, FLOW_WAIT) / T;
	law.L_read = (double)integral_within(&w, FLOW_READ) / T;
	law.L_slot = (double)integral_within(&w, FLOW_SLOT) / T;
	law.L_inline = (double)integral_within(&w, FLOW_INLINE) / T;
	law.L_write = (double)integral_within(&w, FLOW_WRITE) / T;
	law.utilisation = slots ? law.L_slot / slots : 0;
	if (law.utilisation > 0)
		law.capacity = (double)more(end->flow[FLOW_SLOT].out, start->flow[FLOW_SLOT].out) /
			       law.window_s / law.utilisation;
	return law;
}
