/* The simulated queue, against what theory knows exactly, and against a known simulation. */
#include "metrics/simulation.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "metrics/queueing.h"
#include "unit.h"

#define NEAR(value, expected, part) \
	ck_assert_double_eq_tol(value, expected, fabs((double)(expected)) * (part))

static struct hist_sum times;

static void add(uint64_t ns, uint64_t n)
{
	unsigned bucket = hist_bucket_of(ns);
	uint32_t low = times.high && times.low < bucket ? times.low : bucket;
	uint32_t high = times.high > bucket + 1 ? times.high : bucket + 1;

	times.bucket[bucket] += n;
	times.count += n;
	times.sum_ns += n * ns;
	times.low = low;
	times.high = high;
}

static void begin(void)
{
	memset(&times, 0, sizeof times);
}

static const struct simulated *run_bursts(double rate, unsigned slots, double Ca2, unsigned burst,
					  uint64_t arrivals)
{
	static struct simulated result; /* large */
	struct service_times *service = service_times_new(&times);
	const struct simulation s = { service, 1, rate, Ca2, burst, slots, arrivals, 7 };

	ck_assert_ptr_nonnull(service);
	ck_assert_int_eq(simulation_run(&s, &result), 0);
	service_times_free(service);
	return &result;
}

static const struct simulated *run(double rate, unsigned slots, double Ca2, uint64_t arrivals)
{
	return run_bursts(rate, slots, Ca2, 0, arrivals);
}

static double mean_s(const struct hist_sum *h)
{
	return hist_mean_ns(h) / NS_PER_S;
}

/* As many as their density: exponential times of mean 10 ms. */
static void add_exponential(void)
{
	for (unsigned b = 0; b < hist_bucket_of(300 * NS_PER_MS); b++) {
		double from = (double)hist_bucket_low(b) / 1e7,
		       to = from + (double)hist_bucket_width(b) / 1e7;
		uint64_t n = (uint64_t)(1e9 * (exp(-from) - exp(-to)));

		if (n)
			add(hist_bucket_low(b), n);
	}
}

START_TEST(moments_of_a_histogram)
{
	double mean, Cs2;

	begin();
	add_exponential();
	service_times_moments(&times, &mean, &Cs2);
	NEAR(mean, .01, .001);
	NEAR(Cs2, 1, .005);
	begin();
	add(10 * NS_PER_MS, 99);
	add(5 * NS_PER_S, 1);
	service_times_moments(&times, &mean, &Cs2);
	NEAR(mean, .0599, .01);
	NEAR(Cs2, 68.7, .02);
	begin();
	ck_assert_ptr_null(service_times_new(&times));
}
END_TEST

START_TEST(one_exponential_slot)
{
	begin();
	add_exponential();
	const struct simulated *r = run(70, 1, 1, 1000000);
	NEAR(mean_s(&r->wait), queueing_wait_mmc(1, 70, .01), .05);
	NEAR(r->waiting_part, .7, .01);
	NEAR(r->utilisation, .7, .01);
	/* P(W > t) = rho exp(-mu (1 - rho) t) = 1 % at t = ln 70 / 30 */
	NEAR(hist_quantile_ns(&r->wait, .99) / NS_PER_S, log(70) / 30, .06);
}
END_TEST

START_TEST(many_exponential_slots)
{
	begin();
	add_exponential();
	const struct simulated *r = run(3200, 40, 1, 1000000);
	NEAR(mean_s(&r->wait), queueing_wait_mmc(40, 3200, .01), .08);
	NEAR(r->waiting_part, erlang_c(40, 32), .05);
}
END_TEST

START_TEST(fixed_times_wait_half_as_long)
{
	begin();
	add(10 * NS_PER_MS, 1);
	const struct simulated *r = run(90, 1, 1, 1000000);
	double mean, Cs2;
	service_times_moments(&times, &mean, &Cs2);
	NEAR(mean_s(&r->wait), queueing_wait_mg1(90, mean, Cs2), .08);
}
END_TEST

/*
 * 99 % 10 ms and 1 % 5 s on 8 slots at 100 a second: three million arrivals in a few lines of Python
 * (heapq) give 37.8 % that wait, 348 ms in the mean; run to run they differ by 2 and 4 %.
 */
START_TEST(heavy_tails)
{
	begin();
	add(10 * NS_PER_MS, 99);
	add(5 * NS_PER_S, 1);
	const struct simulated *r = run(100, 8, 1, 2000000);
	NEAR(mean_s(&r->wait), .348, .12);
	NEAR(r->waiting_part, .378, .07);
}
END_TEST

START_TEST(regular_arrivals_wait_less_and_bursty_ones_more)
{
	begin();
	add_exponential();
	double regular = mean_s(&run(70, 1, .25, 500000)->wait),
	       poisson = mean_s(&run(70, 1, 1, 500000)->wait),
	       bursty = mean_s(&run(70, 1, 4, 500000)->wait);
	ck_assert_double_lt(regular, poisson);
	ck_assert_double_lt(poisson, bursty);
	NEAR(bursty, queueing_wait_ggc(1, 70, .01, 4, 1), .25);
	NEAR(regular, queueing_wait_ggc(1, 70, .01, .25, 1), .25);
	/* None but at intervals of one length, and one slot is enough: nobody waits. */
	begin();
	add(5 * NS_PER_MS, 1);
	ck_assert_double_eq(run(100, 1, 0, 100000)->waiting_part, 0);
}
END_TEST

START_TEST(the_same_seed_meets_the_same_requests)
{
	begin();
	add_exponential();
	double once = mean_s(&run(300, 4, 1, 100000)->total),
	       again = mean_s(&run(300, 4, 1, 100000)->total);
	ck_assert_double_eq(once, again);
	ck_assert_double_lt(mean_s(&run(300, 5, 1, 100000)->wait),
			    mean_s(&run(300, 4, 1, 100000)->wait));
}
END_TEST

/* 30 at a time, ten times a second, of 10 ms on 8 slots: 8 start at once, 8 after 10 ms, and so on. */
START_TEST(bursts_wait_for_each_other)
{
	begin();
	add(10 * NS_PER_MS, 1000);
	const struct simulated *r = run_bursts(300, 8, 0, 30, 90000);
	ck_assert_double_eq_tol(r->utilisation, 300 * .01 / 8, .01);
	ck_assert_double_eq_tol(r->waiting_part, 22. / 30, 1e-3);
	ck_assert_double_eq_tol(mean_s(&r->wait), (8 * .01 + 8 * .02 + 6 * .03) / 30, 4e-4);
	ck_assert_double_eq(run_bursts(300, 30, 0, 30, 90000)->waiting_part, 0);
	/* Bursts that come by chance meet each other. */
	ck_assert_double_gt(mean_s(&run_bursts(300, 8, 30, 30, 90000)->wait), .016);
}
END_TEST

UNIT_SUITE_OF(simulation, moments_of_a_histogram, one_exponential_slot, many_exponential_slots,
	      fixed_times_wait_half_as_long, heavy_tails,
	      regular_arrivals_wait_less_and_bursty_ones_more,
	      the_same_seed_meets_the_same_requests, bursts_wait_for_each_other)
