/*
 * A tally: what one thread has counted and timed.
 *
 * Lives on the board.  One writer, the thread that owns it; readers merge all tallies.
 *
 * What the law is computed from, the ledger, must be seen all or not at all, even when its
 * writer is preempted or killed in the middle of an update: one half-counted request would
 * be wrong by the machine's uptime.  So it is kept twice, and `sequence` says which copy is
 * whole: odd, the first is being written and ledger[1] holds; even, ledger[0] holds.
 * Histograms change while it is odd; readers of those try a few times to see it even and
 * unchanged, then take what is there: at worst one sample's count without its sum.
 *
 * No fences: the writer's stores are release and the readers' loads acquire, so whoever
 * sees a cell of an update under way also sees that `sequence` has moved on.
 */
#ifndef METRICS_TALLY_H
#define METRICS_TALLY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/hist.h"
#include "http/limits.h"
#include "http/stamps.h"
#include "metrics/ledger.h"

enum counter {
#define COUNTER(NAME, name, text) COUNTER_##NAME,
#include "metrics/counters.def"
#undef COUNTER
	COUNTER_COUNT
};

enum close_reason {
#define CLOSE(NAME, name, text) CLOSE_##NAME,
#include "metrics/closes.def"
#undef CLOSE
	CLOSE_COUNT
};

/* A limit's counter. */
_Static_assert(COUNTER_REFUSED_BODY_RATE - COUNTER_REFUSED_LINE == LIMIT_COUNT - 2,
	       "the rows of limits.def stand together");
static inline enum counter counter_of_limit(enum limit limit)
{
	return (enum counter)(COUNTER_REFUSED_LINE + ((int)limit - 1));
}

extern const char *const counter_names[COUNTER_COUNT], *const counter_texts[COUNTER_COUNT];
extern const char *const close_names[CLOSE_COUNT], *const close_texts[CLOSE_COUNT];

/* Exact cumulative buckets for Prometheus, in seconds: see tally_le_ns. */
#define TALLY_LE_COUNT 13
extern const uint64_t tally_le_ns[TALLY_LE_COUNT];

struct route_tally {
	_Atomic uint64_t status[6]; /* by class: [2] is 2xx; [0]: ended without a status */
	_Atomic uint64_t total_ns;
	_Atomic uint64_t cpu_samples,
		cpu_service_ns; /* service time of the requests whose cpu was measured */
	_Atomic uint64_t cpu_ns;
	_Atomic uint64_t proxy_ns; /* of the requests whose proxy said when it got them */
	_Atomic uint64_t le_proxy[TALLY_LE_COUNT + 1], le_total[TALLY_LE_COUNT + 1],
		le_wait[TALLY_LE_COUNT + 1],
		le_service[TALLY_LE_COUNT + 1]; /* not cumulative; the last is +Inf */
	struct hist wait, service;
};

#define TALLY_STATUS_MAX 600

struct tally {
	_Alignas(64) _Atomic uint32_t sequence; /* which ledger is whole: see above */
	uint32_t routes;
	struct ledger ledger[2];
	_Atomic uint64_t counter[COUNTER_COUNT];
	_Atomic uint64_t close[CLOSE_COUNT];
	_Atomic uint64_t status[TALLY_STATUS_MAX];
	struct hist phase[PHASE_COUNT];
	struct route_tally route[]; /* board->routes_max of them */
};

/* --- written by the owner ------------------------------------------------- */

void tally_count(struct tally *t, enum counter which, uint64_t n);
void tally_closed(struct tally *t, enum close_reason why);

/* The request's first byte was read (ARRIVED and READ are set): it is in flight, being read. */
void tally_read(struct tally *t, const struct stamps *s);

/* The whole request is there (READY): it waits. */
void tally_ready(struct tally *t, const struct stamps *s);

/* Its handler starts (STARTED), in a slot or inline, and ends (FINISHED). */
void tally_started(struct tally *t, const struct stamps *s, enum flow_id where);
void tally_finished(struct tally *t, const struct stamps *s, enum flow_id where);

/*
 * It left (all stamps are set).  A request that never reached a handler (refused, timed
 * out, given up) had its missing stamps set to the instant of its end, and went through
 * the steps above at that instant.
 */
void tally_sent(struct tally *t, const struct stamps *s, unsigned route, unsigned status);

/* Given to (dir > 0: taken from, < 0: given away to) another worker while it waits for a slot. */
void tally_transfer(struct tally *t, const struct stamps *s, int dir);

/* --- written by the master, for an owner that is dead ----------------------- */

/* Both ledgers whole again, `sequence` even, whatever update the owner died in. */
void tally_mend(struct tally *t);

/* What was in flight, by place, and the sum of its arrivals (modulo 2^64). */
struct casualties {
	uint64_t inside[FLOW_COUNT];
	uint64_t arrived_ns;
};

/* Counts them out of every flow at the instant of death, as lost. */
void tally_lost(struct tally *t, const struct casualties *c, uint64_t at_ns);

/* --- read by anyone --------------------------------------------------------- */

/* sum += the tally's whole ledger. */
void tally_add_ledger(struct ledger_sum *sum, const struct tally *t);

/*
 * Has its owner timed any request?  Otherwise all its histograms are empty, and reading them would
 * make the system give them memory: of many slots few are ever in use.
 */
bool tally_has_timed(const struct tally *t);

/*
 * sum += one of the tally's histograms; `scratch` is
 * clobbered, and must be empty (zeroed) at first.
 */
void tally_add_hist(struct hist_sum *sum, const struct tally *t, const struct hist *h,
		    struct hist_sum *scratch);

#endif
