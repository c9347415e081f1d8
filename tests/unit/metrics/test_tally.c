/* What a thread counts, and that its readers see it whole. */
#include "metrics/tally.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/law.h"
#include "support.h"
#include "unit.h"

static struct tally *new_tally(void)
{
	size_t bytes = (sizeof(struct tally) + ROUTES * sizeof(struct route_tally) + 63) / 64 * 64;
	struct tally *t = aligned_alloc(64, bytes);

	memset(t, 0, bytes);
	t->routes = ROUTES;
	return t;
}

static struct ledger_sum ledger_of(const struct tally *t)
{
	struct ledger_sum sum = { 0 };

	tally_add_ledger(&sum, t);
	return sum;
}

static struct hist_sum *hist_of(const struct tally *t, const struct hist *h)
{
	struct hist_sum *sum = calloc(2, sizeof *sum);

	tally_add_hist(sum, t, h, sum + 1);
	return sum;
}

START_TEST(a_request_is_counted_in_every_place)
{
	struct tally *t = new_tally();
	struct stamps s = way(100, 110, 140, 200, 700, 750);

	serve_until(t, &s, FLOW_WAIT);
	struct ledger_sum l = ledger_of(t);
	ck_assert_uint_eq(flow_inside(&l.flow[FLOW_TOTAL]), 1);
	ck_assert_uint_eq(flow_inside(&l.flow[FLOW_WAIT]), 1);
	ck_assert_uint_eq(flow_inside(&l.flow[FLOW_READ]), 0);
	ck_assert_uint_eq(ledger_ages_ns(&l, 190), 90);

	tally_started(t, &s, FLOW_SLOT);
	tally_finished(t, &s, FLOW_SLOT);
	tally_sent(t, &s, 0, 200);
	l = ledger_of(t);
	ck_assert_uint_eq(flow_integral_ns(&l.flow[FLOW_TOTAL], 10000), 650);
	ck_assert_uint_eq(flow_integral_ns(&l.flow[FLOW_WAIT], 10000), 10 + 60);
	ck_assert_uint_eq(flow_integral_ns(&l.flow[FLOW_READ], 10000), 30);
	ck_assert_uint_eq(flow_integral_ns(&l.flow[FLOW_SLOT], 10000), 500);
	ck_assert_uint_eq(flow_integral_ns(&l.flow[FLOW_INLINE], 10000), 0);
	ck_assert_uint_eq(flow_integral_ns(&l.flow[FLOW_WRITE], 10000), 50);
	ck_assert_uint_eq(l.done_arrived_ns, 100);
	ck_assert_uint_eq(l.done_ns, 650);
	ck_assert_uint_eq(ledger_answered(&l), 1);
	free(t);
}
END_TEST

START_TEST(what_no_handler_ran_for_has_waited_and_not_been_served)
{
	struct tally *t = new_tally();
	struct stamps s = way(100, 110, 140, 200, 200, 250);
	struct sums {
		struct hist_sum wait, service, phase;
	} *sum = calloc(1, sizeof *sum);

	s.was_skipped = true;
	serve(t, &s, FLOW_INLINE, 1, 503);
	hist_merge(&sum->wait, &t->route[1].wait);
	hist_merge(&sum->service, &t->route[1].service);
	hist_merge(&sum->phase, &t->phase[PHASE_SERVICE]);
	ck_assert_uint_eq(sum->wait.count, 1);
	ck_assert_uint_eq(sum->service.count, 0);
	ck_assert_uint_eq(sum->phase.count, 0);
	ck_assert_uint_eq(t->route[1].status[5], 1);
	free(sum);
	free(t);
}
END_TEST

START_TEST(phases_and_routes_get_their_times)
{
	static const uint64_t expected[PHASE_COUNT] = {
		[PHASE_PROXY] = 77, [PHASE_WAIT] = 70,  [PHASE_READ] = 30,   [PHASE_SERVICE] = 500,
		[PHASE_CPU] = 123,  [PHASE_WRITE] = 50, [PHASE_TOTAL] = 650,
	};
	struct tally *t = new_tally();
	struct stamps s = way(100, 110, 140, 200, 700, 750);

	s.has_cpu = true;
	s.cpu_ns = 123;
	s.has_proxy = true;
	s.proxy_ns = 77;
	serve(t, &s, FLOW_SLOT, 1, 404);
	for (unsigned p = 0; p < PHASE_COUNT; p++) {
		struct hist_sum *h = hist_of(t, &t->phase[p]);

		ck_assert_uint_eq(h->count, 1);
		ck_assert_uint_eq(h->sum_ns, expected[p]);
		free(h);
	}
	ck_assert_uint_eq(t->status[404], 1);
	ck_assert_uint_eq(t->route[1].status[4], 1);
	ck_assert_uint_eq(t->route[1].total_ns, 650);
	ck_assert_uint_eq(t->route[1].wait.sum_ns, 70);
	ck_assert_uint_eq(t->route[1].service.sum_ns, 500);
	ck_assert_uint_eq(t->route[1].cpu_samples, 1);
	ck_assert_uint_eq(t->route[1].cpu_ns, 123);
	ck_assert_uint_eq(t->route[1].proxy_ns, 77);
	ck_assert_uint_eq(t->route[1].le_proxy[0], 1);
	ck_assert_uint_eq(t->route[0].status[4], 0);
	free(t);
}
END_TEST

START_TEST(what_was_not_measured_is_not_recorded)
{
	struct tally *t = new_tally();

	serve_for(t, 1000, 5);
	ck_assert_uint_eq(t->phase[PHASE_CPU].high, 0);
	ck_assert_uint_eq(t->route[0].cpu_samples, 0);
	ck_assert_uint_eq(t->phase[PHASE_PROXY].high, 0);
	ck_assert_uint_eq(t->route[0].le_proxy[0], 0);
	free(t);
}
END_TEST

START_TEST(le_buckets_hold_their_upper_edge)
{
	struct tally *t = new_tally();

	for (unsigned i = 0; i < TALLY_LE_COUNT; i++) {
		for (unsigned beyond = 0; beyond < 2; beyond++) {
			uint64_t end = 1000 + tally_le_ns[i] + beyond;
			struct stamps s = way(1000, 1000, 1000, 1000, end, end);

			serve(t, &s, FLOW_SLOT, 0, 200);
		}
	}
	ck_assert_uint_eq(t->route[0].le_service[0], 1);
	for (unsigned i = 1; i < TALLY_LE_COUNT; i++)
		ck_assert_uint_eq(t->route[0].le_service[i], 2);
	ck_assert_uint_eq(t->route[0].le_service[TALLY_LE_COUNT], 1);
	ck_assert_uint_eq(t->route[0].le_wait[0], 2 * TALLY_LE_COUNT);
	free(t);
}
END_TEST

START_TEST(a_status_out_of_range_counts_as_none)
{
	struct tally *t = new_tally();
	struct stamps s = way(1, 2, 3, 4, 5, 6);

	serve(t, &s, FLOW_INLINE, 0, 4711);
	ck_assert_uint_eq(t->status[0], 1);
	ck_assert_uint_eq(t->route[0].status[0], 1);
	free(t);
}
END_TEST

START_TEST(events_are_counted)
{
	struct tally *t = new_tally();

	tally_count(t, COUNTER_BYTES_IN, 4096);
	tally_count(t, COUNTER_BYTES_IN, 1);
	tally_closed(t, CLOSE_CLIENT);
	ck_assert_uint_eq(t->counter[COUNTER_BYTES_IN], 4097);
	ck_assert_uint_eq(t->counter[COUNTER_ACCEPTED], 0);
	ck_assert_uint_eq(t->close[CLOSE_CLIENT], 1);
	free(t);
}
END_TEST

START_TEST(a_moved_request_leaves_one_worker_and_enters_the_other)
{
	struct tally *from = new_tally(), *to = new_tally();
	struct stamps s = way(100, 110, 140, 200, 700, 750);

	serve_until(from, &s, FLOW_WAIT);
	tally_transfer(from, &s, -1);
	struct ledger_sum l = ledger_of(from);
	for (unsigned f = 0; f < FLOW_COUNT; f++)
		ck_assert_uint_eq(l.flow[f].in, l.flow[f].out);
	ck_assert_uint_eq(ledger_ages_ns(&l, 190), 0);

	tally_transfer(to, &s, 1);
	l = ledger_of(to);
	ck_assert_uint_eq(flow_inside(&l.flow[FLOW_TOTAL]), 1);
	ck_assert_uint_eq(flow_inside(&l.flow[FLOW_WAIT]), 1);
	ck_assert_uint_eq(ledger_ages_ns(&l, 190), 90);

	tally_started(to, &s, FLOW_SLOT);
	tally_finished(to, &s, FLOW_SLOT);
	tally_sent(to, &s, 0, 200);
	tally_add_ledger(&l, from);
	l = ledger_of(to);
	tally_add_ledger(&l, from);
	ck_assert_uint_eq(flow_integral_ns(&l.flow[FLOW_TOTAL], 1000), 650);
	ck_assert_uint_eq(flow_integral_ns(&l.flow[FLOW_WAIT], 1000), 70);
	free(from), free(to);
}
END_TEST

/* As a thread leaves it that is killed while it writes one of the ledgers. */
static void tear(struct tally *t, unsigned ledger)
{
	t->ledger[ledger].flow[FLOW_TOTAL].in += 1;
	t->ledger[ledger].flow[FLOW_READ].in += 1;
	if (ledger == 0)
		t->sequence++;
}

START_TEST(an_update_cut_short_is_never_seen_and_can_be_mended)
{
	for (unsigned ledger = 0; ledger < 2; ledger++) {
		struct tally *t = new_tally();

		serve_for(t, START_NS, 10);
		struct ledger_sum whole = ledger_of(t);
		tear(t, ledger);
		struct ledger_sum torn = ledger_of(t);
		ck_assert_mem_eq(&torn, &whole, sizeof whole);

		tally_mend(t);
		struct ledger_sum mended = ledger_of(t);
		ck_assert_mem_eq(&mended, &whole, sizeof whole);
		ck_assert_mem_eq(&t->ledger[0], &t->ledger[1], sizeof t->ledger[0]);
		ck_assert_uint_eq(t->sequence % 2, 0);

		serve_for(t, START_NS, 10);
		ck_assert_uint_eq(ledger_of(t).flow[FLOW_TOTAL].out, 2);
		free(t);
	}
}
END_TEST

struct writing {
	struct tally *tally;
	_Atomic bool stop;
};

static void *write_requests(void *argument)
{
	struct writing *w = argument;

	for (uint64_t i = 0; !w->stop; i++)
		serve_for(w->tally, START_NS + i * 1000, i % 7);
	return NULL;
}

START_TEST(a_reader_beside_the_writer_sees_whole_requests)
{
	struct writing w = { .tally = new_tally() };
	struct ledger_sum before = { 0 };
	pthread_t writer;

	ck_assert_int_eq(pthread_create(&writer, NULL, write_requests, &w), 0);
	for (unsigned i = 0; i < 20000; i++) {
		struct ledger_sum now = ledger_of(w.tally);
		uint64_t times = now.flow[FLOW_TOTAL].out_ns - now.done_arrived_ns;

		ck_assert_uint_le(now.flow[FLOW_TOTAL].in - now.flow[FLOW_TOTAL].out, 1);
		ck_assert_uint_ge(now.flow[FLOW_TOTAL].out, before.flow[FLOW_TOTAL].out);
		ck_assert_uint_eq(times, now.done_ns);
		before = now;
	}
	w.stop = true;
	pthread_join(writer, NULL);

	struct hist_sum *total = hist_of(w.tally, &w.tally->phase[PHASE_TOTAL]);
	struct ledger_sum end = ledger_of(w.tally);
	ck_assert_uint_eq(total->count, end.flow[FLOW_TOTAL].out);
	ck_assert_uint_eq(total->sum_ns, end.done_ns);
	free(total);
	free(w.tally);
}
END_TEST

UNIT_SUITE_OF(tally, a_request_is_counted_in_every_place,
	      what_no_handler_ran_for_has_waited_and_not_been_served,
	      phases_and_routes_get_their_times, what_was_not_measured_is_not_recorded,
	      le_buckets_hold_their_upper_edge, a_status_out_of_range_counts_as_none,
	      events_are_counted, a_moved_request_leaves_one_worker_and_enters_the_other,
	      an_update_cut_short_is_never_seen_and_can_be_mended,
	      a_reader_beside_the_writer_sees_whole_requests)
