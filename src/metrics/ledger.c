/* Copying and adding ledgers, and what follows from one.  Runs in: any. */
#include "metrics/ledger.h"

#include <stddef.h>

#include "base/clock.h"

/* Both shapes are the same row of 64-bit cells. */
#define CELLS (sizeof(struct ledger_sum) / sizeof(uint64_t))
_Static_assert(sizeof(struct ledger) == sizeof(struct ledger_sum), "the two shapes match");
_Static_assert(offsetof(struct ledger, lost) == offsetof(struct ledger_sum, lost), "in order");

void ledger_read(struct ledger_sum *to, const struct ledger *from)
{
	const _Atomic uint64_t *cell = (const void *)from;
	uint64_t *sum = (void *)to;

	for (unsigned i = 0; i < CELLS; i++)
		sum[i] = atomic_load_explicit(&cell[i], memory_order_acquire);
}

void ledger_write(struct ledger *to, const struct ledger_sum *from)
{
	_Atomic uint64_t *cell = (void *)to;
	const uint64_t *sum = (const void *)from;

	for (unsigned i = 0; i < CELLS; i++)
		atomic_store_explicit(&cell[i], sum[i], memory_order_release);
}

void ledger_add(struct ledger_sum *sum, const struct ledger_sum *more)
{
	uint64_t *to = (void *)sum;
	const uint64_t *from = (const void *)more;

	for (unsigned i = 0; i < CELLS; i++)
		to[i] += from[i];
}

/* Readings of several tallies are some microseconds apart, so that less than none can be seen. */
#define SKEW_MAX_NS (3600 * NS_PER_S)

uint64_t flow_inside(const struct flow_sum *f)
{
	return (int64_t)(f->in - f->out) > 0 ? f->in - f->out : 0;
}

uint64_t flow_integral_ns(const struct flow_sum *f, uint64_t at_ns)
{
	return at_ns * (f->in - f->out) - f->in_ns + f->out_ns;
}

uint64_t flow_seen_ns(const struct flow_sum *f, uint64_t at_ns)
{
	uint64_t ns = flow_integral_ns(f, at_ns);

	return ns > UINT64_MAX - SKEW_MAX_NS ? 0 : ns;
}

uint64_t ledger_answered(const struct ledger_sum *l)
{
	return l->flow[FLOW_TOTAL].out - l->lost;
}

uint64_t ledger_ages_ns(const struct ledger_sum *l, uint64_t at_ns)
{
	const struct flow_sum *total = &l->flow[FLOW_TOTAL];

	return at_ns * (total->in - total->out) - (total->in_ns - l->done_arrived_ns);
}
