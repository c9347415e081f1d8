/*
 * What one thread counts and times; see tally.h for how readers stay out of its way.
 *
 * Runs in: leader, slot (each its own tally); master, for the dead.
 */
#include "metrics/tally.h"

#include <assert.h>
#include <string.h>

/* How often a reader looks again before it takes what is there. */
#define LEDGER_TRIES 1000
#define HIST_TRIES 4

/* Adds to a cell that this thread alone writes. */
static inline void add(_Atomic uint64_t *cell, uint64_t n)
{
	uint64_t now = atomic_load_explicit(cell, memory_order_relaxed);

	atomic_store_explicit(cell, now + n, memory_order_release);
}

/* From here on ledger[1] holds, and ledger[0] may be written. */
static inline uint32_t open_first(struct tally *t)
{
	uint32_t sequence = atomic_load_explicit(&t->sequence, memory_order_relaxed);

	atomic_store_explicit(&t->sequence, sequence + 1, memory_order_release);
	return sequence + 1;
}

/* From here on ledger[0] holds, and ledger[1] may be written. */
static inline void open_second(struct tally *t, uint32_t sequence)
{
	atomic_store_explicit(&t->sequence, sequence + 1, memory_order_release);
}

static inline void enter(struct ledger *l, enum flow_id f, uint64_t at_ns)
{
	add(&l->flow[f].in, 1);
	add(&l->flow[f].in_ns, at_ns);
}

static inline void leave(struct ledger *l, enum flow_id f, uint64_t at_ns)
{
	add(&l->flow[f].out, 1);
	add(&l->flow[f].out_ns, at_ns);
}

void tally_count(struct tally *t, enum counter which, uint64_t n)
{
	add(&t->counter[which], n);
}

void tally_closed(struct tally *t, enum close_reason why)
{
	add(&t->close[why], 1);
}

/* --- a request's way through the places -------------------------------------- */

static inline void step_read(struct ledger *l, const struct stamps *s)
{
	enter(l, FLOW_TOTAL, s->at[STAMP_ARRIVED]);
	enter(l, FLOW_WAIT, s->at[STAMP_ARRIVED]);
	leave(l, FLOW_WAIT, s->at[STAMP_READ]);
	enter(l, FLOW_READ, s->at[STAMP_READ]);
}

void tally_read(struct tally *t, const struct stamps *s)
{
	uint32_t sequence = open_first(t);

	step_read(&t->ledger[0], s);
	open_second(t, sequence);
	step_read(&t->ledger[1], s);
}

static inline void step_on(struct ledger *l, enum flow_id from, enum flow_id to, uint64_t at_ns)
{
	leave(l, from, at_ns);
	enter(l, to, at_ns);
}

static inline void go_on(struct tally *t, enum flow_id from, enum flow_id to, uint64_t at_ns)
{
	uint32_t sequence = open_first(t);

	step_on(&t->ledger[0], from, to, at_ns);
	open_second(t, sequence);
	step_on(&t->ledger[1], from, to, at_ns);
}

void tally_ready(struct tally *t, const struct stamps *s)
{
	go_on(t, FLOW_READ, FLOW_WAIT, s->at[STAMP_READY]);
}

void tally_started(struct tally *t, const struct stamps *s, enum flow_id where)
{
	go_on(t, FLOW_WAIT, where, s->at[STAMP_STARTED]);
}

void tally_finished(struct tally *t, const struct stamps *s, enum flow_id where)
{
	go_on(t, where, FLOW_WRITE, s->at[STAMP_FINISHED]);
}

static inline void step_sent(struct ledger *l, const struct stamps *s)
{
	uint64_t arrived = s->at[STAMP_ARRIVED], sent = s->at[STAMP_SENT];

	leave(l, FLOW_WRITE, sent);
	leave(l, FLOW_TOTAL, sent);
	add(&l->done_arrived_ns, arrived);
	add(&l->done_ns, stamps_phase_ns(s, PHASE_TOTAL));
}

/* Short times are the frequent ones, and found first. */
static inline void le_record(_Atomic uint64_t le[TALLY_LE_COUNT + 1], uint64_t ns)
{
	unsigned i = 0;

	while (i < TALLY_LE_COUNT && ns > tally_le_ns[i])
		i++;
	add(&le[i], 1);
}

static void record_phases(struct tally *t, const struct stamps *s)
{
	for (enum phase p = 0; p < PHASE_COUNT; p++)
		if (stamps_has_phase(s, p))
			hist_record(&t->phase[p], stamps_phase_ns(s, p));
}

static void record_route(struct route_tally *r, const struct stamps *s, unsigned status)
{
	uint64_t wait = stamps_phase_ns(s, PHASE_WAIT), service = stamps_phase_ns(s, PHASE_SERVICE);
	uint64_t total = stamps_phase_ns(s, PHASE_TOTAL);

	add(&r->status[status / 100], 1);
	add(&r->total_ns, total);
	if (s->has_cpu) {
		add(&r->cpu_samples, 1);
		add(&r->cpu_service_ns, service);
		add(&r->cpu_ns, s->cpu_ns);
	}
	if (s->has_proxy) {
		add(&r->proxy_ns, s->proxy_ns);
		le_record(r->le_proxy, s->proxy_ns);
	}
	le_record(r->le_total, total);
	le_record(r->le_wait, wait);
	hist_record(&r->wait, wait);
	if (!stamps_has_phase(s, PHASE_SERVICE))
		return;
	le_record(r->le_service, service);
	hist_record(&r->service, service);
}

void tally_sent(struct tally *t, const struct stamps *s, unsigned route, unsigned status)
{
	assert(route < t->routes);
	if (status >= TALLY_STATUS_MAX)
		status = 0;

	uint32_t sequence = open_first(t);

	step_sent(&t->ledger[0], s);
	record_phases(t, s);
	record_route(&t->route[route], s, status);
	add(&t->status[status], 1);
	open_second(t, sequence);
	step_sent(&t->ledger[1], s);
}

/* It entered here after all, or never did; what it has passed through stays balanced. */
static inline void step_transfer(struct ledger *l, const struct stamps *s, uint64_t n)
{
	add(&l->flow[FLOW_TOTAL].in, n);
	add(&l->flow[FLOW_TOTAL].in_ns, n * s->at[STAMP_ARRIVED]);
	add(&l->flow[FLOW_WAIT].in, n);
	add(&l->flow[FLOW_WAIT].in_ns, n * s->at[STAMP_READY]);
}

void tally_transfer(struct tally *t, const struct stamps *s, int dir)
{
	uint64_t n = dir > 0 ? 1 : UINT64_MAX; /* -1, modulo 2^64 */
	uint32_t sequence = open_first(t);

	step_transfer(&t->ledger[0], s, n);
	open_second(t, sequence);
	step_transfer(&t->ledger[1], s, n);
}

/* --- for the dead ---------------------------------------------------------------- */

void tally_mend(struct tally *t)
{
	uint32_t sequence = atomic_load_explicit(&t->sequence, memory_order_acquire);
	struct ledger_sum whole;

	ledger_read(&whole, &t->ledger[sequence & 1]);
	ledger_write(&t->ledger[!(sequence & 1)], &whole);
	if (sequence & 1)
		open_second(t, sequence);
}

static void step_lost(struct ledger *l, const struct casualties *c, uint64_t at_ns)
{
	for (unsigned f = 0; f < FLOW_COUNT; f++) {
		add(&l->flow[f].out, c->inside[f]);
		add(&l->flow[f].out_ns, c->inside[f] * at_ns);
	}
	add(&l->done_arrived_ns, c->arrived_ns);
	add(&l->done_ns, c->inside[FLOW_TOTAL] * at_ns - c->arrived_ns);
	add(&l->lost, c->inside[FLOW_TOTAL]);
}

/* Whose age was what is not known, but their sum is: each gets the mean, one the remainder. */
static void record_lost(struct hist *total, uint64_t count, uint64_t ages_ns)
{
	for (uint64_t i = 1; i < count; i++)
		hist_record(total, ages_ns / count);
	if (count)
		hist_record(total, ages_ns / count + ages_ns % count);
}

void tally_lost(struct tally *t, const struct casualties *c, uint64_t at_ns)
{
	uint64_t count = c->inside[FLOW_TOTAL];
	uint32_t sequence = open_first(t);

	step_lost(&t->ledger[0], c, at_ns);
	record_lost(&t->phase[PHASE_TOTAL], count, count * at_ns - c->arrived_ns);
	open_second(t, sequence);
	step_lost(&t->ledger[1], c, at_ns);
}

/* --- for readers ------------------------------------------------------------------ */

void tally_add_ledger(struct ledger_sum *sum, const struct tally *t)
{
	struct ledger_sum seen;

	for (unsigned i = 0; i < LEDGER_TRIES; i++) {
		uint32_t before = atomic_load_explicit(&t->sequence, memory_order_acquire);

		ledger_read(&seen, &t->ledger[before & 1]);
		if (atomic_load_explicit(&t->sequence, memory_order_acquire) == before)
			break;
	}
	ledger_add(sum, &seen);
}

bool tally_has_timed(const struct tally *t)
{
	/* The sequence alone comes round to 0 after some billions of requests. */
	return atomic_load_explicit(&t->sequence, memory_order_acquire) ||
	       atomic_load_explicit(&t->ledger[0].flow[FLOW_TOTAL].in, memory_order_relaxed) ||
	       atomic_load_explicit(&t->ledger[0].flow[FLOW_TOTAL].out, memory_order_relaxed);
}

static void empty_hist(struct hist_sum *h)
{
	memset(h->bucket + h->low, 0, (h->high - h->low) * sizeof *h->bucket);
	h->count = h->sum_ns = h->max_ns = 0;
	h->low = h->high = 0;
}

void tally_add_hist(struct hist_sum *sum, const struct tally *t, const struct hist *h,
		    struct hist_sum *scratch)
{
	for (unsigned i = 0; i < HIST_TRIES; i++) {
		uint32_t before = atomic_load_explicit(&t->sequence, memory_order_acquire);

		empty_hist(scratch);
		hist_merge(scratch, h);
		if (!(before & 1) &&
		    atomic_load_explicit(&t->sequence, memory_order_acquire) == before)
			break;
	}
	hist_add(sum, scratch);
}
