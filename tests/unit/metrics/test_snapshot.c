/* Windows, with the clock in our hands; and reading beside the writers. */
#include "metrics/snapshot.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "support.h"
#include "unit.h"

#define HISTORY 70 /* seconds: the ring has gone round */

/* In second number i (from 1), i requests of 100 ms each end, one after the other. */
static struct board *open_history(struct shm *m, unsigned seconds)
{
	struct board *b = open_board(m);

	for (unsigned i = 1; i <= seconds; i++) {
		for (unsigned k = 0; k < i; k++)
			serve_for(board_tally(b, k % WORKERS, k % THREADS),
				  START_NS + (i - 1) * SECOND + k, 100);
		board_tick(b, START_NS + i * SECOND);
	}
	return b;
}

static void check_window(struct snapshot *s, unsigned window_s, uint64_t now_ns, double length_s,
			 uint64_t count)
{
	snapshot_take(s, window_s, now_ns);
	ck_assert_double_eq_tol(s->law.window_s, length_s, 1e-9);
	ck_assert_uint_eq(s->law.completions, count);
	ck_assert_uint_eq(s->law.arrivals, count);
	ck_assert_double_eq_tol(s->law.X, (double)count / length_s, 1e-9);
	ck_assert_double_eq(s->law.residual, 0);
	ck_assert_uint_eq(s->window->phase[PHASE_SERVICE].count, count);
	ck_assert_uint_eq(s->window->route[0].status[2], count);
	ck_assert_uint_eq(s->window->route[0].service.count, count);
	ck_assert_uint_eq(s->window->route[0].service.sum_ns, count * 100 * MS);
	ck_assert_uint_eq(s->window->status[200], count);
}

static uint64_t sum_to(uint64_t n)
{
	return n * (n + 1) / 2;
}

START_TEST(windows_hold_what_came_in_them)
{
	struct shm m;
	struct snapshot *s = snapshot_new(open_history(&m, HISTORY));
	uint64_t now = START_NS + HISTORY * SECOND;

	check_window(s, 1, now, 1, HISTORY);
	check_window(s, 10, now, 10, sum_to(HISTORY) - sum_to(HISTORY - 10));
	check_window(s, 60, now, 60, sum_to(HISTORY) - sum_to(HISTORY - 60));
	ck_assert_uint_eq(s->total->phase[PHASE_TOTAL].count, sum_to(HISTORY));
	snapshot_free(&s);
	ck_assert_ptr_null(s);
	shm_close(&m);
}
END_TEST

START_TEST(between_ticks_the_nearest_counts)
{
	struct shm m;
	struct snapshot *s = snapshot_new(open_history(&m, HISTORY));
	uint64_t now = START_NS + HISTORY * SECOND;

	check_window(s, 1, now + 400 * MS, 1.4, HISTORY);
	check_window(s, 1, now + 600 * MS, 0.6, 0);
	check_window(s, 10, now + 300 * MS, 10.3, sum_to(HISTORY) - sum_to(HISTORY - 10));
	snapshot_free(&s);
	shm_close(&m);
}
END_TEST

START_TEST(a_young_server_shows_all_its_life)
{
	struct shm m;
	struct snapshot *s = snapshot_new(open_history(&m, 5));

	check_window(s, 60, START_NS + 5 * SECOND, 5, 15);
	check_window(s, 10, START_NS + 5 * SECOND, 5, 15);
	check_window(s, 1, START_NS + 5 * SECOND, 1, 5);
	snapshot_free(&s);
	shm_close(&m);
}
END_TEST

START_TEST(a_server_just_born_shows_nothing)
{
	struct shm m;
	struct snapshot *s = snapshot_new(open_board(&m));

	snapshot_take(s, 10, START_NS);
	ck_assert_double_eq(s->law.window_s, 0);
	ck_assert_double_eq(s->law.L, 0);
	snapshot_take(s, 10, START_NS + SECOND / 2);
	ck_assert_double_eq(s->law.window_s, 0.5);
	ck_assert_uint_eq(s->law.completions, 0);
	snapshot_free(&s);
	shm_close(&m);
}
END_TEST

START_TEST(counts_beyond_32_bits_are_told_apart)
{
	struct shm m;
	struct board *b = open_board(&m);
	struct hist *h = &board_tally(b, 0, 0)->phase[PHASE_SERVICE];
	struct snapshot *s = snapshot_new(b);

	board_tally(b, 0, 0)->sequence = 2; /* as after an update */
	hist_record(h, 100 * MS);
	h->bucket[hist_bucket_of(100 * MS)] = 0xffffffff;
	board_tick(b, START_NS + 10 * SECOND);
	hist_record(h, 100 * MS);
	hist_record(h, 100 * MS);
	snapshot_take(s, 1, START_NS + 11 * SECOND);
	ck_assert_uint_eq(s->window->phase[PHASE_SERVICE].count, 2);
	ck_assert_uint_eq(s->total->phase[PHASE_SERVICE].count, 0x100000001);
	snapshot_free(&s);
	shm_close(&m);
}
END_TEST

START_TEST(in_flight_requests_are_in_the_integral)
{
	struct shm m;
	struct board *b = open_board(&m);
	struct snapshot *s = snapshot_new(b);
	uint64_t at = START_NS + SECOND / 2;
	struct stamps stamps = way(at, at, at, at, at, at);

	serve_until(board_tally(b, 0, 0), &stamps, FLOW_SLOT);
	for (unsigned i = 1; i <= 3; i++)
		board_tick(b, START_NS + i * SECOND);
	snapshot_take(s, 1, START_NS + 3 * SECOND);
	ck_assert_double_eq(s->law.L, 1);
	ck_assert_double_eq(s->law.L_slot, 1);
	ck_assert_double_eq(s->law.edge, 1);
	ck_assert_double_eq_tol(s->law.utilisation, 1.0 / (WORKERS * THREADS), 1e-12);
	snapshot_take(s, 10, START_NS + 3 * SECOND);
	ck_assert_double_eq_tol(s->law.L, 2.5 / 3, 1e-12);
	ck_assert_uint_eq(flow_inside(&s->worker[0].done.ledger.flow[FLOW_TOTAL]), 1);
	ck_assert_uint_eq(flow_inside(&s->worker[1].done.ledger.flow[FLOW_TOTAL]), 0);
	snapshot_free(&s);
	shm_close(&m);
}
END_TEST

START_TEST(rows_are_copied)
{
	struct shm m;
	struct board *b = open_board(&m);
	struct snapshot *s = snapshot_new(b);

	board_worker(b, 2)->pid = 4711;
	board_worker(b, 2)->conns[1] = 3;
	board_worker(b, 1)->conns[1] = 4;
	board_worker(b, 0)->conns[1] = -1; /* seen between two of its notes */
	board_slot(b, 2, 1)->state = SLOT_BUSY;
	board_slot(b, 2, 1)->route = 1;
	tally_count(board_tally(b, 2, 0), COUNTER_CLAIMS, 5);
	board_enter(b, START_NS);
	snapshot_take(s, 1, START_NS + SECOND);
	ck_assert_int_eq(s->worker[2].pid, 4711);
	ck_assert_uint_eq(s->worker[2].done.counter[COUNTER_CLAIMS], 5);
	ck_assert_uint_eq(s->total->counter[COUNTER_CLAIMS], 5);
	ck_assert_uint_eq(s->conns[1], 7);
	ck_assert_uint_eq(s->slot[2 * THREADS + 1].state, SLOT_BUSY);
	ck_assert_uint_eq(s->most, 1);
	ck_assert(worker_is_shown(&s->worker[2]));
	ck_assert(!worker_is_shown(&s->worker[WORKERS]));
	snapshot_free(&s);
	shm_close(&m);
}
END_TEST

/* A board may be a file that anything has written to. */
START_TEST(counts_of_a_row_beyond_the_board_are_cut)
{
	struct shm m;
	struct board *b = open_board(&m);
	struct snapshot *s = snapshot_new(b);

	for (unsigned w = 0; w < WORKERS; w++)
		board_worker(b, w)->slots = board_worker(b, w)->slots_most = 1u << 20;
	serve_for(board_tally(b, WORKERS - 1, THREADS), START_NS, 10);
	snapshot_take(s, 10, START_NS + SECOND);
	ck_assert_uint_eq(s->worker[0].slots, THREADS);
	ck_assert_uint_eq(ledger_answered(&s->total->ledger), 1);
	snapshot_free(&s);
	shm_close(&m);
}
END_TEST

START_TEST(totals_never_go_backwards_when_a_worker_dies)
{
	struct shm m;
	struct board *b = open_history(&m, 3);
	struct snapshot *s = snapshot_new(b);
	uint64_t now = START_NS + 4 * SECOND;
	struct stamps stamps = way(now - 1, now - 1, now - 1, now - 1, now, now);

	serve_until(board_tally(b, 1, 1), &stamps, FLOW_SLOT);
	snapshot_take(s, 10, now);
	struct ledger_sum before = s->total->ledger;
	ck_assert_uint_eq(board_worker_died(b, 1, false, now), 1);
	board_worker_begins(b, 1, THREADS, now);
	snapshot_take(s, 10, now);
	const struct ledger_sum *after = &s->total->ledger;
	ck_assert_uint_eq(after->flow[FLOW_TOTAL].in, before.flow[FLOW_TOTAL].in);
	ck_assert_uint_eq(ledger_answered(after), ledger_answered(&before));
	ck_assert_uint_eq(flow_seen_ns(&after->flow[FLOW_TOTAL], now),
			  flow_seen_ns(&before.flow[FLOW_TOTAL], now));
	ck_assert_uint_eq(after->lost, 1);
	ck_assert_double_eq(s->law.residual, 0);
	snapshot_free(&s);
	shm_close(&m);
}
END_TEST

/* A board being written by two threads, and ticked by one, while it is read. */
struct traffic {
	struct board *board;
	unsigned worker;
	_Atomic uint64_t *clock;
	_Atomic bool *stop;
};

static void *write_traffic(void *argument)
{
	struct traffic *t = argument;

	while (!atomic_load(t->stop)) {
		uint64_t now = atomic_fetch_add(t->clock, 1000);

		serve_for(board_tally(t->board, t->worker, 0), now, now / 1000 % 5);
	}
	return NULL;
}

static void *tick_on(void *argument)
{
	struct traffic *t = argument;

	while (!atomic_load(t->stop))
		board_tick(t->board, atomic_fetch_add(t->clock, SECOND) + SECOND);
	return NULL;
}

#define READINGS 200

START_TEST(the_residual_is_zero_beside_the_writers)
{
	struct shm m;
	struct board *b = open_board(&m);
	struct snapshot *s = snapshot_new(b);
	_Atomic uint64_t clock = START_NS;
	_Atomic bool stop = false;
	struct traffic traffic[3] = { { b, 0, &clock, &stop },
				      { b, 1, &clock, &stop },
				      { b, 0, &clock, &stop } };
	pthread_t writer[3];
	uint64_t completions = 0;

	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_create(&writer[i], NULL, i < 2 ? write_traffic : tick_on,
						&traffic[i]),
				 0);
	/* On a busy machine the writers begin late. */
	for (unsigned i = 0; i < READINGS || completions == 0; i++) {
		snapshot_take(s, i % 2 ? 10 : 60, atomic_load(&clock));
		ck_assert_double_eq(s->law.residual, 0);
		ck_assert(isfinite(s->law.L));
		ck_assert_uint_ge(s->total->ledger.flow[FLOW_TOTAL].out, completions);
		ck_assert_uint_le(s->total->phase[PHASE_TOTAL].sum_ns,
				  s->total->phase[PHASE_TOTAL].count * 5 * MS);
		completions = s->total->ledger.flow[FLOW_TOTAL].out;
	}
	atomic_store(&stop, true);
	for (unsigned i = 0; i < 3; i++)
		pthread_join(writer[i], NULL);
	snapshot_free(&s);
	shm_close(&m);
}
END_TEST

UNIT_SUITE_OF(snapshot, windows_hold_what_came_in_them, between_ticks_the_nearest_counts,
	      a_young_server_shows_all_its_life, a_server_just_born_shows_nothing,
	      counts_beyond_32_bits_are_told_apart, in_flight_requests_are_in_the_integral,
	      rows_are_copied, counts_of_a_row_beyond_the_board_are_cut,
	      totals_never_go_backwards_when_a_worker_dies, the_residual_is_zero_beside_the_writers)
