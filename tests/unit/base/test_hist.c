/* The histogram's error bound, over its whole range. */
#include "base/hist.h"

#include <math.h>
#include <stdlib.h>

#include "unit.h"

static void check_value(uint64_t ns)
{
	unsigned i = hist_bucket_of(ns);
	uint64_t low = hist_bucket_low(i), width = hist_bucket_width(i);
	double middle = (double)low + (double)(width - 1) / 2;

	ck_assert_msg(low <= ns && ns < low + width, "%lu not in bucket %u", ns, i);
	ck_assert_msg(fabs(middle - (double)ns) <= (double)ns / (2 * HIST_SUB),
		      "%lu read back as %f", ns, middle);
}

START_TEST(every_value_lies_in_its_bucket)
{
	for (uint64_t ns = 0; ns < 1 << 20; ns++)
		check_value(ns);
	for (uint64_t ns = 1 << 20; ns < HIST_LIMIT_NS - 12345; ns += ns / 9973)
		check_value(ns);
	check_value(HIST_LIMIT_NS);
	ck_assert_uint_ge(HIST_LIMIT_NS, 3600ull * 1000000000);
}
END_TEST

START_TEST(buckets_follow_each_other_without_gap)
{
	for (unsigned i = 0; i + 1 < HIST_BUCKETS; i++) {
		ck_assert_uint_eq(hist_bucket_low(i) + hist_bucket_width(i), hist_bucket_low(i + 1));
		ck_assert_uint_eq(hist_bucket_of(hist_bucket_low(i)), i);
	}
}
END_TEST

START_TEST(longer_than_the_limit_counts_in_the_last_bucket)
{
	ck_assert_uint_eq(hist_bucket_of(HIST_LIMIT_NS + 1), HIST_BUCKETS - 1);
	ck_assert_uint_eq(hist_bucket_of(UINT64_MAX), HIST_BUCKETS - 1);
}
END_TEST

static struct hist *new_hist(void)
{
	return calloc(1, sizeof(struct hist));
}

static struct hist_sum *sum_of(const struct hist *h)
{
	struct hist_sum *s = calloc(1, sizeof *s);

	hist_merge(s, h);
	return s;
}

START_TEST(quantiles_are_within_the_bound)
{
	struct hist *h = new_hist();

	for (uint64_t ms = 1; ms <= 1000; ms++)
		hist_record(h, ms * 1000000);

	struct hist_sum *s = sum_of(h);
	ck_assert_uint_eq(s->count, 1000);
	ck_assert_uint_eq(s->sum_ns, 500500000000ull);
	ck_assert_uint_eq(s->max_ns, 1000000000ull);
	ck_assert_double_eq_tol(hist_quantile_ns(s, 0.5), 500e6, 500e6 / HIST_SUB);
	ck_assert_double_eq_tol(hist_quantile_ns(s, 0.99), 990e6, 990e6 / HIST_SUB);
	ck_assert_double_eq_tol(hist_quantile_ns(s, 1), 1000e6, 1);
	ck_assert_double_eq_tol(hist_mean_ns(s), 500.5e6, 1);
	free(s);
	free(h);
}
END_TEST

START_TEST(an_empty_histogram_says_zero)
{
	struct hist *h = new_hist();
	struct hist_sum *s = sum_of(h);

	ck_assert_uint_eq(s->count, 0);
	ck_assert_double_eq(hist_quantile_ns(s, 0.5), 0);
	ck_assert_double_eq(hist_mean_ns(s), 0);
	free(s);
	free(h);
}
END_TEST

START_TEST(merging_adds_and_a_window_subtracts)
{
	struct hist *a = new_hist(), *b = new_hist();

	hist_record(a, 100);
	hist_record(b, 5000000);
	struct hist_sum *before = sum_of(a);
	hist_merge(before, b);
	hist_record(b, 2000000);

	struct hist_sum *now = sum_of(a), *since = calloc(1, sizeof *since);
	hist_merge(now, b);
	hist_since(since, now, before);
	ck_assert_uint_eq(now->count, 3);
	ck_assert_uint_eq(since->count, 1);
	ck_assert_uint_eq(since->sum_ns, 2000000);
	ck_assert_uint_lt(since->max_ns, 2100000);
	ck_assert_uint_ge(since->max_ns, 2000000);
	free(since), free(now), free(before), free(a), free(b);
}
END_TEST

UNIT_SUITE_OF(hist, every_value_lies_in_its_bucket, buckets_follow_each_other_without_gap,
	      longer_than_the_limit_counts_in_the_last_bucket, quantiles_are_within_the_bound,
	      an_empty_histogram_says_zero, merging_adds_and_a_window_subtracts)
