/* Advice: what limits, what is needed, what would be. */
#include "metrics/advice.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "metrics/queueing.h"
#include "unit.h"

static struct evidence e;
static struct advice a;

static const struct advice_question question = {
	.target_wait_s = .05,
	.arrivals = 200000,
	.seed = 3,
};

static void add(struct hist_sum *h, uint64_t ns, uint64_t n)
{
	unsigned bucket = hist_bucket_of(ns);

	h->low = h->high && h->low < bucket ? h->low : bucket;
	h->high = h->high > bucket + 1 ? h->high : bucket + 1;
	h->bucket[bucket] += n;
	h->count += n;
	h->sum_ns += n * ns;
}

/* 100 requests a second of 50 ms, blocking, on 2 x 4 slots and 4 CPUs. */
static void begin(void)
{
	memset(&e, 0, sizeof e);
	e.window_s = e.loaded_s = 60;
	e.workers = 2;
	e.threads = 4;
	e.slots = 8;
	e.cpus = 4;
	e.arrival_rate = 100;
	e.Ca2 = 1;
	e.Ca2_seconds = 59;
	e.L_slot = 5;
	e.L_wait = .1;
	e.cpu_share = .02;
	add(&e.service, 50 * NS_PER_MS, 6000);
	add(&e.wait, NS_PER_MS, 6000);
	e.route_count = 1;
	e.route[0] = (struct evidence_route){ "/work", 100, 5, .05, .02 };
}

static enum advice_bound bound(void)
{
	struct advice_question quick = question;

	quick.arrivals = 2000;
	ck_assert_int_eq(advice_of(&a, &e, &quick), 0);
	ck_assert_uint_gt(strlen(a.evidence), 10);
	return a.bound;
}

START_TEST(what_limits_it)
{
	begin();
	ck_assert_int_eq(bound(), BOUND_NOTHING);

	begin();
	e.L_slot = 7.9;
	e.L_wait = 30;
	ck_assert_int_eq(bound(), BOUND_SLOTS);

	begin();
	e.cpu_share = .95;
	e.L_slot = 4;
	ck_assert_int_eq(bound(), BOUND_CPU);

	begin();
	e.L_slot = 7.5;
	e.route_count = 2;
	e.route[0] = (struct evidence_route){ "/report", 10, 6, .6, .02 };
	e.route[1] = (struct evidence_route){ "/work", 90, 1.5, .016, .02 };
	ck_assert_int_eq(bound(), BOUND_ROUTE);
	ck_assert_ptr_nonnull(strstr(a.evidence, "/report"));

	begin();
	e.L_slot = 1;
	add(&e.wait, NS_PER_S, 6000);
	e.wait.sum_ns = e.wait.count * 100 * NS_PER_MS;
	ck_assert_int_eq(bound(), BOUND_ACCEPT);
	e.most = 8;
	ck_assert_int_eq(bound(), BOUND_ACCEPT);
	e.most = 9; /* one more than there are slots */
	ck_assert_int_eq(bound(), BOUND_SLOTS);
	ck_assert_ptr_nonnull(strstr(a.evidence, "up to 9 requests at once for 8 slots"));

	begin();
	e.L_read = 40;
	e.L_write = 10;
	ck_assert_int_eq(bound(), BOUND_CLIENT);
}
END_TEST

START_TEST(too_little_is_no_ground)
{
	begin();
	memset(&e.service, 0, sizeof e.service);
	add(&e.service, 50 * NS_PER_MS, ADVICE_REQUESTS_MIN - 1);
	ck_assert_int_eq(advice_of(&a, &e, &question), -ENODATA);
	ck_assert_int_eq(a.bound, BOUND_NO_DATA);
	ck_assert_uint_eq(a.forecast_count, 0);
}
END_TEST

START_TEST(the_slots_it_needs_are_the_fewest)
{
	struct advice_question q = question;

	begin();
	q.what_if_count = 1;
	ck_assert_int_eq(advice_of(&a, &e, &q), 0);
	unsigned needed = a.slots_needed;
	ck_assert_uint_ge(needed, 6); /* five are busy all the time */
	ck_assert_uint_le(needed, 12);
	for (unsigned i = 0; i < 2; i++) {
		q.what_if[0].slots = needed - i;
		ck_assert_int_eq(advice_of(&a, &e, &q), 0);
		const struct forecast *f = &a.forecast[a.forecast_count - 1];
		if (i == 0)
			ck_assert_double_le(f->p99, .05 * 1.1);
		else
			ck_assert(f->state == FORECAST_UNSTABLE || f->p99 > .05 * .9);
	}
}
END_TEST

START_TEST(at_saturation_all_in_flight_are_to_have_a_slot)
{
	begin();
	e.L_slot = 8;
	e.L_wait = 52;
	e.Ca2 = 0;
	ck_assert_int_eq(bound(), BOUND_SLOTS);
	ck_assert(a.is_closed);
	ck_assert_uint_eq(a.slots_needed, 60);
	/* 60 that ask again at once: 8 of 50 ms at a time are 160 a second, 52 / 160 s of wait. */
	const struct forecast *now = &a.forecast[0], *more = &a.forecast[2];
	ck_assert_int_eq(now->state, FORECAST_CLOSED);
	ck_assert_double_eq_tol(now->rate, 160, 1.5);
	ck_assert_double_eq_tol(now->mean_wait, 52. / 160, .005);
	ck_assert_double_eq_tol(a.forecast[1].rate, 1200, 12);
	ck_assert_double_eq_tol(a.forecast[1].mean_wait, 0, 1e-9);
	ck_assert_str_eq(more->label, "clients x 1.5");
	ck_assert_double_eq_tol(more->mean_wait, 82. / 160, .008);
	begin();
	bound();
	ck_assert(!a.is_closed);
}
END_TEST

START_TEST(a_round_more_in_a_short_window_is_a_closed_loop_still)
{
	/* 8 slots serve 160 a second.  167 come in one second; in each of ten, 165. */
	begin();
	e.window_s = e.loaded_s = 1;
	e.arrival_rate = 167;
	e.L_slot = 8;
	e.L_wait = 4;
	bound();
	ck_assert(a.is_closed);
	e.window_s = e.loaded_s = 10;
	e.arrival_rate = 165;
	bound();
	ck_assert(!a.is_closed);
}
END_TEST

START_TEST(a_queue_that_grows_is_no_closed_loop)
{
	/* 300 a second come, 160 are served: the queue's length tells how long it has grown. */
	begin();
	e.arrival_rate = 300;
	e.L_slot = 8;
	e.L_wait = 2000;
	ck_assert_int_eq(bound(), BOUND_SLOTS);
	ck_assert(!a.is_closed);
	ck_assert_uint_ge(a.slots_needed, 16);
	ck_assert_uint_le(a.slots_needed, 25);
	ck_assert_int_eq(a.forecast[0].state, FORECAST_UNSTABLE);
}
END_TEST

START_TEST(computing_wants_cpus_and_no_more_slots)
{
	/* Eight threads share four CPUs: half of the time each waits for one. */
	begin();
	e.arrival_rate = 158;
	e.L_slot = 7.9;
	e.L_wait = 8;
	e.cpu_share = .45;
	e.cpu_delay = 1;
	ck_assert_int_eq(bound(), BOUND_CPU);
	ck_assert_double_eq_tol(a.computing, .9, 1e-9);
	ck_assert_uint_eq(a.slots_needed, 0);
	ck_assert_ptr_nonnull(strstr(a.shape, "CPUs are the limit"));

	/* And something else takes two of the four. */
	e.cpu_share = .25;
	e.cpu_delay = 3;
	ck_assert_int_eq(bound(), BOUND_CPU);
	ck_assert_ptr_nonnull(strstr(a.evidence, "wait for one 3.0 times as long"));

	/* What blocks is not bound by it, however long its little computing waits. */
	e.cpu_share = .02;
	ck_assert_int_eq(bound(), BOUND_SLOTS);
}
END_TEST

START_TEST(memory_bounds_threads_too)
{
	begin();
	e.arrival_rate = 20000; /* 1000 slots */
	e.worker_bytes = 1 << 20;
	e.available_bytes = 4 << 20; /* a dozen and a half of threads more */
	bound();
	ck_assert_uint_gt(a.slots_needed, 999);
	ck_assert_uint_lt(a.workers * a.threads, 40);
	ck_assert_uint_gt(a.workers * a.threads, 15);
	ck_assert_ptr_nonnull(strstr(a.shape, "memory allows no more than"));
}
END_TEST

START_TEST(shapes_follow_what_it_is_bound_by)
{
	begin();
	ck_assert_int_eq(bound(), BOUND_NOTHING);
	ck_assert_uint_eq(a.workers, 2);
	ck_assert_uint_ge(a.workers * a.threads, a.slots_needed);
	ck_assert_uint_lt((a.threads - 1) * a.workers, a.slots_needed);

	begin();
	e.cpu_share = .9;
	e.L_slot = 3;
	bound();
	ck_assert_uint_eq(a.workers, 4);

	begin();
	e.cpu_share = .9;
	e.L_slot = 3;
	e.worker_bytes = 1 << 30;
	e.available_bytes = 1 << 29; /* not even one more */
	bound();
	ck_assert_uint_eq(a.workers, 2);
	ck_assert_ptr_nonnull(strstr(a.shape, "memory"));
}
END_TEST

START_TEST(forecasts_agree_with_the_formula_where_it_is_exact)
{
	begin();
	memset(&e.service, 0, sizeof e.service);
	/* Exponential of mean 10 ms. */
	for (unsigned b = 0; b < hist_bucket_of(300 * NS_PER_MS); b++) {
		double from = (double)hist_bucket_low(b) / 1e7,
		       to = from + (double)hist_bucket_width(b) / 1e7;
		uint64_t n = (uint64_t)(1e7 * (exp(-from) - exp(-to)));

		if (n)
			add(&e.service, hist_bucket_low(b) + hist_bucket_width(b) / 2, n);
	}
	e.arrival_rate = 600;
	ck_assert_int_eq(advice_of(&a, &e, &question), 0);
	const struct forecast *now = &a.forecast[0];
	ck_assert_double_eq_tol(now->mean_wait, queueing_wait_mmc(8, 600, .01), 2e-5);
	ck_assert_double_eq_tol(now->mean, now->mean_wait, now->mean_wait * .12);
	ck_assert_double_eq_tol(now->waiting_part, erlang_c(8, 6), .02);
	ck_assert_double_eq_tol(a.cpu_rate, 4 / (.01 * .02), 200);
	/* Eight slots serve 800 of 10 ms in a second. */
	for (unsigned i = 0; i < a.forecast_count; i++)
		ck_assert((a.forecast[i].state == FORECAST_STABLE) ==
			  (a.forecast[i].rate * a.forecast[i].service_factor < 790));
}
END_TEST

START_TEST(headroom_is_where_the_target_breaks)
{
	struct advice_question q = question;

	begin();
	ck_assert_int_eq(advice_of(&a, &e, &q), 0);
	double rate = a.headroom_rate;
	ck_assert_double_gt(rate, 100);
	ck_assert_double_lt(rate, 160); /* 8 slots, 50 ms */
	q.what_if_count = 2;
	q.what_if[0].rate = rate * .97;
	q.what_if[1].rate = rate * 1.04;
	ck_assert_int_eq(advice_of(&a, &e, &q), 0);
	const struct forecast *below = &a.forecast[a.forecast_count - 2], *above = below + 1;
	ck_assert_double_le(below->p99, .05 * 1.05);
	ck_assert(above->state == FORECAST_UNSTABLE || above->p99 > .05 * .95);
}
END_TEST

/* Thirty at the start of every second, of 100 ms: eight start at once, eight after 100 ms... */
static void begin_bursts(void)
{
	begin();
	e.arrival_rate = 30;
	e.Ca2 = 0;
	e.L_slot = 3;
	e.L_wait = 4.2;
	e.most = 30;
	memset(&e.service, 0, sizeof e.service);
	memset(&e.wait, 0, sizeof e.wait);
	add(&e.service, 100 * NS_PER_MS, 1800);
	for (unsigned i = 0; i < 4; i++)
		add(&e.wait, i * 100 * NS_PER_MS, i < 3 ? 480 : 360);
}

START_TEST(bursts_within_a_second_are_seen_by_the_waits_they_make)
{
	begin_bursts();
	ck_assert_int_eq(advice_of(&a, &e, &question), 0);
	ck_assert_int_eq(a.bound, BOUND_SLOTS);
	ck_assert(!a.is_unexplained);
	ck_assert_uint_ge(a.burst, 28);
	ck_assert_uint_le(a.burst, 30);
	/* All of a burst are to start within 50 ms, and none ends in that time. */
	ck_assert_uint_ge(a.slots_needed, a.burst - 1);
	ck_assert_uint_le(a.slots_needed, 31);
	ck_assert_double_le(a.headroom_rate, 1);
	const struct forecast *now = &a.forecast[0];
	ck_assert_double_eq_tol(now->mean, a.measured_mean, .01);
	ck_assert_double_eq_tol(now->mean_wait, now->mean, 1e-9);
	ck_assert_double_eq_tol(now->p99, .3, .02);
}
END_TEST

START_TEST(waits_that_no_burst_makes_are_no_ground_for_slots)
{
	/* Slots were free all the time. */
	begin_bursts();
	e.most = 8;
	ck_assert_int_eq(advice_of(&a, &e, &question), 0);
	ck_assert_int_eq(a.bound, BOUND_ACCEPT);
	ck_assert(a.is_unexplained);
	ck_assert_uint_eq(a.slots_needed, 0);
	ck_assert_double_eq(a.headroom_rate, 0);
	ck_assert_ptr_nonnull(strstr(a.shape, "more slots may not"));

	/* Or nearly so: bursts of nine do not wait that long. */
	e.most = 9;
	ck_assert_int_eq(advice_of(&a, &e, &question), 0);
	ck_assert(a.is_unexplained);
	ck_assert_uint_eq(a.slots_needed, 0);
}
END_TEST

START_TEST(a_target_that_is_missed_is_not_kept_by_fewer_slots)
{
	struct advice_question q = question;

	begin();
	e.threads = 8;
	e.slots = 16;
	q.target_wait_s = .01;
	ck_assert_int_eq(advice_of(&a, &e, &q), 0);
	ck_assert_uint_eq(a.burst, 1);
	ck_assert_uint_lt(a.slots_needed, 16);
	ck_assert_double_gt(a.headroom_rate, 110);
	/* Not so far from nothing that it would be of bursts. */
	add(&e.wait, 15 * NS_PER_MS, 120);
	ck_assert_int_eq(advice_of(&a, &e, &q), 0);
	ck_assert_uint_eq(a.burst, 1);
	ck_assert(!a.is_unexplained);
	ck_assert_uint_eq(a.slots_needed, 16);
	ck_assert_double_eq_tol(a.headroom_rate, 100, 1e-9);
	ck_assert_ptr_nonnull(strstr(a.shape, "no fewer than now: the target is missed"));
}
END_TEST

/* Who took the advice is not told that fewer do, now that nobody waits. */
START_TEST(slots_that_bursts_fill_are_not_too_many)
{
	begin_bursts();
	memset(&e.wait, 0, sizeof e.wait);
	add(&e.wait, NS_PER_MS, 1800);
	e.L_wait = 0;
	e.slots = 30;
	e.threads = 15;
	ck_assert_int_eq(advice_of(&a, &e, &question), 0);
	ck_assert_int_eq(a.bound, BOUND_NOTHING);
	ck_assert_uint_eq(a.slots_needed, 30);
	ck_assert_ptr_nonnull(strstr(a.shape, "in bursts up to 30 were at once"));
	/* By chance there are nine where three are in the mean. */
	e.most = 9;
	ck_assert_int_eq(advice_of(&a, &e, &question), 0);
	ck_assert_uint_lt(a.slots_needed, 9);
}
END_TEST

UNIT_SUITE_OF(advice, what_limits_it, too_little_is_no_ground, the_slots_it_needs_are_the_fewest,
	      at_saturation_all_in_flight_are_to_have_a_slot,
	      a_round_more_in_a_short_window_is_a_closed_loop_still,
	      a_queue_that_grows_is_no_closed_loop, computing_wants_cpus_and_no_more_slots,
	      memory_bounds_threads_too, shapes_follow_what_it_is_bound_by,
	      forecasts_agree_with_the_formula_where_it_is_exact,
	      headroom_is_where_the_target_breaks,
	      bursts_within_a_second_are_seen_by_the_waits_they_make,
	      waits_that_no_burst_makes_are_no_ground_for_slots,
	      a_target_that_is_missed_is_not_kept_by_fewer_slots,
	      slots_that_bursts_fill_are_not_too_many)
