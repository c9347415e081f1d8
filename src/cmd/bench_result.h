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
	OUTCOME_OK,         /* status below 400 */
	OUTCOME_SHED,       /* 503 */
	OUTCOME_CLIENT,     /* 4xx */
	OUTCOME_SERVER,     /* 5xx other than 503 */
	OUTCOME_REFUSED,    /* nobody listens */
	OUTCOME_CONNECT,    /* no connection for another reason */
	OUTCOME_RESET,      /* connection reset */
	OUTCOME_CLOSED,     /* closed before the answer was whole */
	OUTCOME_PROTOCOL,   /* not an HTTP answer */
	OUTCOME_TIMEOUT,    /* no whole answer in time */
	OUTCOME_LOCAL,      /* the generator ran out of descriptors, ports or memory */
	OUTCOME_UNFINISHED, /* under way when the run was ended: no error, and no answer */
	OUTCOMES,
};

extern const char *const outcome_names[OUTCOMES];
extern const char *const outcome_texts[OUTCOMES]; /* for a person */

enum outcome outcome_of_status(unsigned status);

struct target_result {
	uint64_t offered, by_outcome[OUTCOMES];
	struct hist latency; /* from the intended time */
	struct hist service; /* from the time it was given to a connection */
};

/*
 * Latency over the place in the window, as the sums of a straight line's least squares.  Of
 * answers alone: who leaves those out that have not ended yet sees less growth than there is,
 * never more, for the later a request began, the shorter it must have been to be seen.
 */
struct trend {
	double count, x, y, xx, xy, yy;
};

struct result {
	unsigned count;
	struct target_result *target; /* as many as there are targets */
	struct flow flow;
	struct hist lag; /* sent to a connection or the queue this long after the plan */
	struct trend trend;
	uint64_t left_at_cut;
	uint64_t connects, reconnects, retries,
		held;      /* held: waited in the generator for a connection */
	int connect_error; /* errno of the first of OUTCOME_CONNECT; 0: none, or none is known */
	bool is_open_loop, was_stopped;
	bool was_short; /* of descriptors or ports: requests waited for them */
	/* The generator was so late that it gave up the rest of its schedule, with `left_at_cut` of
	 * what it had issued under way. */
	bool was_cut;
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
uint64_t result_errors(const struct result *r);   /* ended, neither good nor with 503 */

/*
 * Arrivals exceed capacity: what is in flight grew by more than chance and 2 % of the arrivals
 * explain, and by more than the latency of the first (long requests in a short run are none), in
 * both halves of the window (a stall near its end is none), and the latency grew with it.  True at
 * the window's end already, when most of a growing queue has not been answered.
 */
bool result_is_unstable(const struct result *r);

/* Of an open loop, most requests had no answer in time: the others tell of the timeout alone. */
bool result_is_mostly_late(const struct result *r);

/* The generator's own lateness is large enough to show in the figures. */
bool result_lags(const struct result *r);

/* Percentiles tell of the server, not of the run's length or of the generator. */
bool result_has_percentiles(const struct result *r);

#endif
