/* The verdicts: what counts as good, when a queue grows without end, when the generator lags. */
#include "cmd/bench_result.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cmd/bench_options.h"
#include "cmd/bench_report.h"
#include "unit.h"

static struct result r;

static void setup(void)
{
	ck_assert_int_eq(result_init(&r, 2), 0);
	r.is_open_loop = true;
}

static void teardown(void)
{
	result_fini(&r);
}

/* One server, `rate` constant arrivals a second, each served in `service_ns`, for 10 s. */
static void run_queue(double rate, uint64_t service_ns)
{
	uint64_t window_ns = 10 * NS_PER_S, n = (uint64_t)(rate * 10), free_ns = 0, left = 0;
	uint64_t *left_ns = calloc(n, sizeof *left_ns);

	flow_init(&r.flow, 0, 0, window_ns);
	for (uint64_t i = 0; i < n; i++) {
		uint64_t at = (uint64_t)((double)i / rate * 1e9);

		free_ns = (free_ns > at ? free_ns : at) + service_ns;
		left_ns[i] = free_ns;
		for (; left_ns[left] <= at && left < i; left++)
			flow_leave(&r.flow, (uint64_t)((double)left / rate * 1e9), left_ns[left]);
		flow_enter(&r.flow, at, at);
		result_offer(&r, 0);
		result_end(&r, &(struct ending){ .intended_ns = at,
						 .sent_ns = at,
						 .ended_ns = free_ns,
						 .at = (double)i / (double)n });
	}
	for (; left < n; left++)
		flow_leave(&r.flow, (uint64_t)((double)left / rate * 1e9), left_ns[left]);
	flow_close(&r.flow, free_ns > window_ns ? free_ns : window_ns);
	free(left_ns);
}

typedef void report_fn(struct buf *out, const struct bench_options *o, const struct result *result);

static char *report_of(report_fn *report)
{
	struct bench_options o = { .rate = 1, .keep_alive = true, .targets.count = 2 };
	struct buf out;

	o.targets.target[0].url = (char[]){ "http://a/\"x" };
	o.targets.target[1].url = (char[]){ "http://a/y" };
	buf_init(&out, 1 << 20);
	report(&out, &o, &r);
	return buf_steal(&out);
}

START_TEST(statuses_have_their_outcomes)
{
	ck_assert_int_eq(outcome_of_status(200), OUTCOME_OK);
	ck_assert_int_eq(outcome_of_status(304), OUTCOME_OK);
	ck_assert_int_eq(outcome_of_status(404), OUTCOME_CLIENT);
	ck_assert_int_eq(outcome_of_status(500), OUTCOME_SERVER);
	ck_assert_int_eq(outcome_of_status(503), OUTCOME_SHED);
}
END_TEST

START_TEST(refusals_stay_out_of_the_latencies)
{
	struct hist_sum *sum = calloc(1, sizeof *sum);

	flow_init(&r.flow, 0, 0, NS_PER_S);
	for (enum outcome o = 0; o < OUTCOMES; o++)
		result_end(&r, &(struct ending){ .intended_ns = 10,
						 .sent_ns = 12,
						 .ended_ns = 20,
						 .target = 1,
						 .outcome = o });
	hist_merge(sum, &r.target[1].latency);
	ck_assert_uint_eq(sum->count, 1);
	ck_assert_uint_eq(sum->sum_ns, 10);
	ck_assert_uint_eq(result_answered(&r), 4);
	ck_assert_uint_eq(result_errors(&r), OUTCOMES - 3); /* good, shed and unfinished are none */
	ck_assert_uint_eq(result_total(&r, OUTCOME_SHED), 1);
	free(sum);
}
END_TEST

START_TEST(over_capacity_is_called_unstable)
{
	run_queue(1050, NS_PER_MS);
	ck_assert(result_is_unstable(&r));
}
END_TEST

START_TEST(under_capacity_is_not)
{
	run_queue(950, NS_PER_MS);
	ck_assert(!result_is_unstable(&r));
}
END_TEST

/* 100 in a second, of 5 s each and `longer_ns` more than the one before: none waits for another. */
static void run_side_by_side(uint64_t longer_ns)
{
	flow_init(&r.flow, 0, 0, NS_PER_S);
	for (uint64_t i = 0; i < 100; i++) {
		uint64_t at = i * 10 * NS_PER_MS;

		flow_enter(&r.flow, at, at);
		result_end(&r, &(struct ending){ .intended_ns = at,
						 .sent_ns = at,
						 .ended_ns = at + 5 * NS_PER_S + i * longer_ns,
						 .at = (double)i / 100 });
	}
	flow_close(&r.flow, NS_PER_S);
	ck_assert_uint_eq(r.flow.at_close.in_flight, 100); /* none has ended when the window closes */
}

START_TEST(long_requests_in_a_short_run_are_not_unstable)
{
	run_side_by_side(0);
	ck_assert(!result_is_unstable(&r));
}
END_TEST

START_TEST(long_requests_that_become_a_little_longer_are_not_unstable)
{
	run_side_by_side(NS_PER_MS);
	ck_assert(!result_is_unstable(&r));
}
END_TEST

START_TEST(a_stall_at_the_end_is_not_unstable)
{
	/* 100 a second, 10 ms each; in the last of ten seconds none is served. */
	flow_init(&r.flow, 0, 0, 10 * NS_PER_S);
	for (uint64_t i = 0; i < 1000; i++) {
		uint64_t at = i * 10 * NS_PER_MS, end = at + 5 * NS_PER_MS;
		bool is_stalled = i >= 900;

		flow_enter(&r.flow, at, at);
		if (!is_stalled)
			flow_leave(&r.flow, at, end);
		result_end(&r,
			   &(struct ending){ .intended_ns = at,
					     .sent_ns = at,
					     .ended_ns = is_stalled ? 10 * NS_PER_S + end - at : end,
					     .at = (double)i / 1000 });
	}
	flow_close(&r.flow, 10 * NS_PER_S);
	ck_assert_uint_eq(r.flow.at_close.in_flight, 100);
	ck_assert(!result_is_unstable(&r));
	ck_assert(result_has_percentiles(&r));
}
END_TEST

/* Ten times the capacity of a server that takes them in turn, which is asked before the rest is
 * answered; and quick failures of many others beside. */
START_TEST(it_is_seen_before_all_are_answered)
{
	flow_init(&r.flow, 0, 0, 10 * NS_PER_S);
	for (uint64_t i = 0; i < 10000; i++)
		flow_enter(&r.flow, i * NS_PER_MS, i * NS_PER_MS);
	for (uint64_t i = 0; i < 1000; i++)
		result_end(&r, &(struct ending){ .intended_ns = i * NS_PER_MS,
						 .sent_ns = i * NS_PER_MS,
						 .ended_ns = (i + 1) * 10 * NS_PER_MS,
						 .at = (double)i / 10000 });
	for (uint64_t i = 1000; i < 10000; i++)
		result_end(&r, &(struct ending){ .intended_ns = i * NS_PER_MS,
						 .ended_ns = i * NS_PER_MS + 10,
						 .outcome = i % 2 ? OUTCOME_LOCAL : OUTCOME_RESET,
						 .at = (double)i / 10000 });
	flow_close(&r.flow, 10 * NS_PER_S);
	ck_assert(result_is_unstable(&r));
}
END_TEST

START_TEST(a_schedule_given_up_has_no_percentiles)
{
	run_queue(100, NS_PER_MS);
	ck_assert(result_has_percentiles(&r));
	r.was_cut = true;
	ck_assert(!result_has_percentiles(&r));
	ck_assert(!result_is_unstable(&r));

	char *text = report_of(report_text), *json = report_of(report_json);
	ck_assert_ptr_nonnull(strstr(text, "the generator cannot keep up: it sent 1000 of about"));
	ck_assert_ptr_null(strstr(text, "from the intended time"));
	ck_assert_ptr_nonnull(strstr(json, "\"latency\":null"));
	ck_assert_ptr_nonnull(strstr(json, "\"cut\":true"));
	free(text), free(json);
}
END_TEST

START_TEST(a_closed_loop_is_never_unstable)
{
	r.is_open_loop = false;
	run_queue(2000, NS_PER_MS);
	ck_assert(!result_is_unstable(&r));
}
END_TEST

START_TEST(a_late_generator_is_noticed)
{
	for (int i = 0; i < 1000; i++)
		hist_record(&r.lag, 100 * NS_PER_US);
	ck_assert(!result_lags(&r));
	for (int i = 0; i < 20; i++)
		hist_record(&r.lag, 3 * NS_PER_MS);
	ck_assert(result_lags(&r));
}
END_TEST

START_TEST(an_unstable_run_prints_no_percentiles)
{
	run_queue(2000, NS_PER_MS);

	char *text = report_of(report_text), *json = report_of(report_json),
	     *csv = report_of(report_csv);
	ck_assert_ptr_nonnull(strstr(text, "unstable: arrivals exceed capacity"));
	ck_assert_ptr_null(strstr(text, "from the intended time"));
	ck_assert_ptr_nonnull(strstr(json, "\"unstable\":true"));
	ck_assert_ptr_nonnull(strstr(json, "\"latency\":null"));
	ck_assert_ptr_nonnull(strstr(csv, ",1,,,,,,,"));
	free(text), free(json), free(csv);
}
END_TEST

START_TEST(a_stable_run_prints_them_for_each_url)
{
	run_queue(100, NS_PER_MS);

	char *text = report_of(report_text), *json = report_of(report_json),
	     *csv = report_of(report_csv);
	ck_assert_ptr_null(strstr(text, "unstable"));
	ck_assert_ptr_nonnull(strstr(text, "http://a/y"));
	ck_assert_ptr_nonnull(strstr(json, "\"url\":\"http://a/\\\"x\""));
	ck_assert_ptr_nonnull(strstr(json, "\"throughput_rps\":100.000000"));
	ck_assert_ptr_nonnull(strstr(csv, "\"http://a/\"\"x\""));
	free(text), free(json), free(csv);
}
END_TEST

UNIT_SUITE(bench_result)
Suite *suite_bench_result(void)
{
	const TTest *const tests[] = {
		statuses_have_their_outcomes,
		refusals_stay_out_of_the_latencies,
		over_capacity_is_called_unstable,
		under_capacity_is_not,
		long_requests_in_a_short_run_are_not_unstable,
		long_requests_that_become_a_little_longer_are_not_unstable,
		a_stall_at_the_end_is_not_unstable,
		it_is_seen_before_all_are_answered,
		a_schedule_given_up_has_no_percentiles,
		a_closed_loop_is_never_unstable,
		a_late_generator_is_noticed,
		an_unstable_run_prints_no_percentiles,
		a_stable_run_prints_them_for_each_url,
	};
	Suite *s = suite_create("bench_result");
	TCase *c = tcase_create("bench_result");

	tcase_add_checked_fixture(c, setup, teardown);
	for (unsigned i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(c, tests[i]);
	suite_add_tcase(s, c);
	return s;
}
