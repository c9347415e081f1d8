/*
 * Totals: all tallies of a board merged, in plain numbers, since the server's start.
 *
 * A ledger is read whole, tally by tally; the readings of two tallies are some microseconds
 * apart, which can only shift a request from one reading to the next, never break the law.
 */
#ifndef METRICS_TOTALS_H
#define METRICS_TOTALS_H

#include <stddef.h>
#include <stdint.h>

#include "metrics/board.h"

/* Up to the histograms the same row of 64-bit cells as struct route_tally. */
struct route_totals {
	uint64_t status[6];
	uint64_t total_ns;
	uint64_t cpu_samples, cpu_service_ns, cpu_ns;
	uint64_t proxy_ns;
	uint64_t le_proxy[TALLY_LE_COUNT + 1], le_total[TALLY_LE_COUNT + 1],
		le_wait[TALLY_LE_COUNT + 1], le_service[TALLY_LE_COUNT + 1];
	struct hist_sum wait, service;
};

struct totals {
	uint64_t at_ns;
	struct ledger_sum ledger;
	uint64_t counter[COUNTER_COUNT];
	uint64_t close[CLOSE_COUNT];
	uint64_t status[TALLY_STATUS_MAX];
	struct hist_sum phase[PHASE_COUNT];
	struct hist_sum scratch;
	uint32_t routes;
	struct route_totals route[]; /* board->routes_max of them */
};

/* What one worker's threads have done. */
struct worker_totals {
	struct ledger_sum ledger;
	uint64_t counter[COUNTER_COUNT];
};

#define ROUTE_CELLS (offsetof(struct route_totals, wait) / sizeof(uint64_t))
#define TOTALS_CELLS \
	(offsetof(struct totals, phase) / sizeof(uint64_t)) /* at_ns and all the sums */

/* Memory for them starts out zeroed; reuse needs no clearing. */
size_t totals_bytes(unsigned routes);

/*
 * `workers`: room for board->workers_max of them, or NULL;
 * the totals are their sum, and the master's.
 */
void totals_take(struct totals *t, const struct board *b, struct worker_totals *workers,
		 uint64_t now_ns);

/* before := what came between the two. */
void totals_since(struct totals *before, const struct totals *now);

uint64_t totals_route_count(const struct route_totals *r);

/* CPU time over service time, of the requests of which both are known; -1: there were none. */
double totals_cpu_share(const struct route_totals *r);

#endif
