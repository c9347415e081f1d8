/*
 * A base-2 log-linear histogram of durations in nanoseconds.
 *
 * Below 2^HIST_BITS a bucket a value; above, each power of two is cut into 2^HIST_BITS equal
 * buckets, so a value read back as its bucket's middle is off by at most 2^-(HIST_BITS+1),
 * 0.78 %.  Longer than HIST_LIMIT_NS (a little over an hour) counts in the last bucket;
 * the exact maximum is kept beside.
 *
 * Lives in shared memory: one writer, any number of readers, no locks, merged by adding.
 * Readers take the count from the buckets, so that a half-seen record cannot disagree.
 */
#ifndef BASE_HIST_H
#define BASE_HIST_H

#include <stdatomic.h>
#include <stdint.h>

#define HIST_BITS 6
#define HIST_SUB (1u << HIST_BITS)
#define HIST_TOP_EXPONENT 41 /* 2^42 ns = 4398 s */
#define HIST_LIMIT_NS ((1ull << (HIST_TOP_EXPONENT + 1)) - 1)
#define HIST_BUCKETS ((HIST_TOP_EXPONENT - HIST_BITS + 2) << HIST_BITS)

/* As the writer keeps it.  All zero bytes is an empty histogram. */
struct hist {
	_Atomic uint64_t sum_ns;
	_Atomic uint64_t max_ns;
	_Atomic uint32_t low, high; /* buckets in use: [low, high); both 0 when empty */
	_Atomic uint64_t bucket[HIST_BUCKETS];
};

/* As a reader holds it: plain numbers. */
struct hist_sum {
	uint64_t count, sum_ns, max_ns;
	uint32_t low, high;
	uint64_t bucket[HIST_BUCKETS];
};

static inline unsigned hist_bucket_of(uint64_t ns)
{
	if (ns < HIST_SUB)
		return (unsigned)ns;
	if (ns > HIST_LIMIT_NS)
		return HIST_BUCKETS - 1;

	unsigned exponent = 63u - (unsigned)__builtin_clzll(ns);
	unsigned shift = exponent - HIST_BITS;
	return ((shift + 1) << HIST_BITS) + (unsigned)((ns >> shift) & (HIST_SUB - 1));
}

/* The bucket's lower edge, and its width, in nanoseconds. */
uint64_t hist_bucket_low(unsigned bucket);
uint64_t hist_bucket_width(unsigned bucket);

/* Single writer: loads and release stores, no locked instruction. */
void hist_record(struct hist *h, uint64_t ns);

/* sum += h, bucket by bucket.  Zeroed hist_sum is the empty one. */
void hist_merge(struct hist_sum *sum, const struct hist *h);
void hist_add(struct hist_sum *sum, const struct hist_sum *more);

/* What came after `before` was taken; `before` must be an earlier reading of the same. */
void hist_since(struct hist_sum *difference, const struct hist_sum *now,
		const struct hist_sum *before);

/*
 * The value below which the part q (0 to 1) of the values lies, in nanoseconds: its bucket
 * by the nearest rank, the place inside the bucket by interpolation; never more than
 * the maximum, when that is known.  0 when empty.
 */
double hist_quantile_ns(const struct hist_sum *h, double q);
double hist_mean_ns(const struct hist_sum *h);

#endif
