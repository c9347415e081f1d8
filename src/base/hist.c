/* Log-linear histograms.  Runs in: any; one writer each. */
#include "base/hist.h"

#include <math.h>
#include <string.h>

uint64_t hist_bucket_low(unsigned bucket)
{
	if (bucket < HIST_SUB)
		return bucket;
	return (uint64_t)(HIST_SUB | (bucket & (HIST_SUB - 1))) << ((bucket >> HIST_BITS) - 1);
}

uint64_t hist_bucket_width(unsigned bucket)
{
	return bucket < HIST_SUB ? 1 : 1ull << ((bucket >> HIST_BITS) - 1);
}

/*
 * Release and acquire cost nothing more on x86; they let a sequence lock around a
 * histogram do without fences (see metrics/tally.h).
 */
#define load(field) atomic_load_explicit(&(field), memory_order_acquire)
#define store(field, value) atomic_store_explicit(&(field), (value), memory_order_release)

void hist_record(struct hist *h, uint64_t ns)
{
	unsigned i = hist_bucket_of(ns);
	uint32_t low = load(h->low), high = load(h->high);

	if (high == 0 || i < low)
		store(h->low, i);
	if (i >= high)
		store(h->high, i + 1);
	if (ns > load(h->max_ns))
		store(h->max_ns, ns);
	store(h->bucket[i], load(h->bucket[i]) + 1);
	store(h->sum_ns, load(h->sum_ns) + ns);
}

static void widen(struct hist_sum *h, uint32_t low, uint32_t high)
{
	if (h->high == 0 || low < h->low)
		h->low = low;
	if (high > h->high)
		h->high = high;
}

void hist_merge(struct hist_sum *sum, const struct hist *h)
{
	uint32_t low = load(h->low), high = load(h->high);
	uint64_t max_ns = load(h->max_ns);

	if (high == 0 || high > HIST_BUCKETS || low > high)
		return;
	widen(sum, low, high);
	for (uint32_t i = low; i < high; i++) {
		uint64_t n = load(h->bucket[i]);

		sum->bucket[i] += n;
		sum->count += n;
	}
	sum->sum_ns += load(h->sum_ns);
	if (max_ns > sum->max_ns)
		sum->max_ns = max_ns;
}

void hist_add(struct hist_sum *sum, const struct hist_sum *more)
{
	if (more->high == 0)
		return;
	widen(sum, more->low, more->high);
	for (uint32_t i = more->low; i < more->high; i++)
		sum->bucket[i] += more->bucket[i];
	sum->count += more->count;
	sum->sum_ns += more->sum_ns;
	if (more->max_ns > sum->max_ns)
		sum->max_ns = more->max_ns;
}

/* The highest value a bucket in use can hold: a bound for the maximum of a window. */
static uint64_t highest_ns(const struct hist_sum *h)
{
	for (uint32_t i = h->high; i > h->low; i--)
		if (h->bucket[i - 1])
			return hist_bucket_low(i - 1) + hist_bucket_width(i - 1) - 1;
	return 0;
}

void hist_since(struct hist_sum *difference, const struct hist_sum *now,
		const struct hist_sum *before)
{
	memset(difference, 0, sizeof *difference);
	difference->low = now->low;
	difference->high = now->high;
	difference->sum_ns = now->sum_ns - before->sum_ns;
	for (uint32_t i = now->low; i < now->high; i++) {
		difference->bucket[i] = now->bucket[i] - before->bucket[i];
		difference->count += difference->bucket[i];
	}

	/* The maximum since the start may lie before this window. */
	uint64_t bound = highest_ns(difference);
	difference->max_ns = bound < now->max_ns ? bound : now->max_ns;
}

double hist_quantile_ns(const struct hist_sum *h, double q)
{
	double rank = q * (double)h->count;
	uint64_t below = 0;

	if (h->count == 0)
		return 0;
	for (uint32_t i = h->low; i < h->high; i++) {
		uint64_t n = h->bucket[i];

		if (n == 0 || (double)(below + n) < rank) {
			below += n;
			continue;
		}
		double part = fmin(fmax((rank - (double)below) / (double)n, 0), 1);
		double ns = (double)hist_bucket_low(i) + part * (double)(hist_bucket_width(i) - 1);
		return h->max_ns ? fmin(ns, (double)h->max_ns) : ns;
	}
	return (double)h->max_ns;
}

double hist_mean_ns(const struct hist_sum *h)
{
	return h->count ? (double)h->sum_ns / (double)h->count : 0;
}
