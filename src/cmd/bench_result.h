/*
 * What came of the requests: outcomes counted, latencies in histograms, the law's terms,
 * and the verdicts drawn from them.
 *
 * Latencies are of the requests *intended* in the measured window, whenever they ended,
 * and of the good answers (status below 400) alone: quick refusals must not flatter.
 */
#ifndef CMD_BENCH_RESULT_H
#define CMD_BENCH_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hist.h"
#include "cmd/bench_flow.h"
#include "cmd/bench_target.h"

enum outcome {
	OUTCOME_OK,       /* status below 400 */
	OUTCOME_SHED,     /* 503 */
	OUTCOME_CLIENT,   /* 4xx */
	OUTCOME_SERVER,   /* 5xx other than 503 */
	OUTCOME_CONNECT,  /* refused, unreachable */
	OUTCOME_RESET,    /* connection reset */
	OUTCOME_CLOSED,   /* closed before the answer was whole */
	OUTCOME_PROTOCOL, /* not an HTTP answer */
	OUTCOME_TIMEOUT,  /* no whole answer in time */
	OUTCOME_LOCAL,    /* the generator ran out of descriptors, ports or memory */
	OUTCOMES,
};

extern const char *const outcome_names[OUTCOMES];

enum outcome outcome_of_status(unsigned status);

struct target_result {
	uint64_t offered, by_outcome[OUTCOMES];
	struct hist latency; /* from the intended time */
	struct hist service; /* from the time it was given to a connection */
};

/* A quarter of the arrivals in time: latency that grows from one to the next is a queue
 * that does. */
#define RESULT_QUARTERS 4

struct quarter {
	uint64_t count;
	double latency_s; /* summed */
};

struct result {
	unsigned count;
	struct target_result *target; /* as many as there are targets */
	struct flow flow;
	struct hist lag; /* sent to a connection or the queue this long after the plan */
	struct quarter quarter[RESULT_QUARTERS];
	uint64_t connects, reconnects, retries,
		held; /* held: waited in the generator for a connection */
	bool is_open_loop, was_stopped;
};

/* One request, as it ended. */
struct ending {
	uint64_t intended_ns, sent_ns, ended_ns; /* sent_ns 0: never */
	unsigned target;
	enum outcome outcome;
	double at; /* its place in the window, 0 to 1 */
};

int result_init(struct result *r, unsigned targets);
void result_fini(struct result *r);
void result_offer(struct result *r, unsigned target);
void result_end(struct result *r, const struct ending *e);

/* Over all targets. */
uint64_t result_total(const struct result *r, enum outcome o);
uint64_t result_offered(const struct result *r);
uint64_t result_answered(const struct result *r); /* with whatever status */
uint64_t result_errors(const struct result *r);   /* neither good nor 503 */

/*
 * Arrivals exceed capacity: what is in flight grew by more than chance and 2 % of the
 * arrivals explain, and so did the latency from quarter to quarter.
 */
bool result_is_unstable(const struct result *r);

/* The generator's own lateness is large enough to show in the figures. */
bool result_lags(const struct result *r);

#endif
