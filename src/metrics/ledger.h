/*
 * The ledger: requests entering and leaving the places they can be in.
 *
 * A flow keeps the integral of "how many are inside" without a clock: with `in` and `out`
 * counted and their instants summed (modulo 2^64, which differences undo),
 *
 *	inside(t)   = in - out
 *	integral(t) = t * (in - out) - in_ns + out_ns	[request-nanoseconds]
 *
 * so that integrals of many threads add up, in any order, exactly; and a request whose
 * arrival is learned late still counts from its arrival.
 */
#ifndef METRICS_LEDGER_H
#define METRICS_LEDGER_H

#include <stdatomic.h>
#include <stdint.h>

/* The places a request can be in; each a flow.  TOTAL is all of them together. */
enum flow_id { FLOW_TOTAL, FLOW_WAIT, FLOW_READ, FLOW_SLOT, FLOW_INLINE, FLOW_WRITE, FLOW_COUNT };
extern const char *const flow_names[FLOW_COUNT];

struct flow {
	_Atomic uint64_t in, out;       /* requests */
	_Atomic uint64_t in_ns, out_ns; /* sums of their instants, modulo 2^64 */
};

/* The flows, and what the ages of the requests in flight and of those done follow from. */
struct ledger {
	struct flow flow[FLOW_COUNT];
	_Atomic uint64_t done_arrived_ns; /* sum of `arrived` over those that are out of FLOW_TOTAL */
	_Atomic uint64_t done_ns;         /* sum of their times from arrival to end */
	_Atomic uint64_t lost;            /* how many of them died with a worker */
};

/* The same in plain numbers, as a reader holds it; they add up over tallies. */
struct flow_sum {
	uint64_t in, out, in_ns, out_ns;
};

struct ledger_sum {
	struct flow_sum flow[FLOW_COUNT];
	uint64_t done_arrived_ns, done_ns, lost;
};

/* Loads are acquire, stores release, cell by cell: whole only under the tally's sequence. */
void ledger_read(struct ledger_sum *to, const struct ledger *from);
void ledger_write(struct ledger *to, const struct ledger_sum *from);

void ledger_add(struct ledger_sum *sum, const struct ledger_sum *more);

/* Requests inside now. */
uint64_t flow_inside(const struct flow_sum *f);

/* Request-nanoseconds up to an instant, modulo 2^64: for differences. */
uint64_t flow_integral_ns(const struct flow_sum *f, uint64_t at_ns);

/* The same to be shown: never less than none.  Wraps after 584 request-years. */
uint64_t flow_seen_ns(const struct flow_sum *f, uint64_t at_ns);

/* Requests that ended with an answer: not those lost. */
uint64_t ledger_answered(const struct ledger_sum *l);

/* The summed ages, at an instant, of what is in flight (modulo 2^64). */
uint64_t ledger_ages_ns(const struct ledger_sum *l, uint64_t at_ns);

#endif
