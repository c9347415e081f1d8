/* The board's layout, slots and generations, the dead, and peaks. */
#include "metrics/board.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"
#include "unit.h"

static bool is_line_aligned(const void *at)
{
	return (uintptr_t)at % 64 == 0;
}

START_TEST(rows_lie_on_their_own_lines_within_the_board)
{
	struct shm m;
	struct board *b = open_board(&m);
	const char *last = NULL;

	for (unsigned w = 0; w < WORKERS; w++) {
		ck_assert(is_line_aligned(board_worker(b, w)));
		for (unsigned i = 0; i < b->threads; i++)
			ck_assert(is_line_aligned(board_slot(b, w, i)));
		for (unsigned i = 0; i <= b->threads; i++) {
			struct tally *t = board_tally(b, w, i);

			ck_assert(is_line_aligned(t));
			ck_assert_uint_eq(t->routes, b->routes_max);
			ck_assert((const char *)t > last);
			last = (const char *)&t->route[b->routes_max] - 1;
		}
	}
	ck_assert((const char *)board_master_tally(b) > last);
	ck_assert_uint_eq(b->tallies, (WORKERS + 1) * (THREADS + 1) + 1);
	ck_assert_uint_eq(m.bytes, b->bytes);
	ck_assert_str_eq(board_route(b, 0)->name, "/sleep");
	ck_assert_str_eq(route_class_name(board_route(b, 1)), "inline");
	shm_close(&m);
}
END_TEST

START_TEST(a_plan_out_of_bounds_is_refused)
{
	static const struct board_plan bad[] = {
		{ .workers = 2, .workers_max = 1, .threads = 1, .threads_max = 1 },
		{ .workers = 0, .workers_max = 0, .threads = 1, .threads_max = 1 },
		{ .workers = 1, .workers_max = 1, .threads = 0, .threads_max = 1 },
		{ .workers = 1, .workers_max = 1, .threads = 2, .threads_max = 1 },
		{ .workers = 1, .workers_max = 1u << 20, .threads = 1, .threads_max = 1 },
	};
	struct shm m;

	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_int_eq(board_open_new(&m, &bad[i], START_NS), -EINVAL);
}
END_TEST

START_TEST(long_route_names_stay_apart)
{
	struct route_row routes[2] = { 0 };
	struct shm m;

	memset(routes[0].name, 'x', BOARD_ROUTE_NAME);
	memset(routes[1].name, 'x', BOARD_ROUTE_NAME);
	const struct board_plan plan = {
		.workers = 1,
		.workers_max = 1,
		.threads = 1,
		.threads_max = 1,
		.routes = 2,
		.routes_max = 2,
		.route = routes,
	};
	ck_assert_int_eq(board_open_new(&m, &plan, START_NS), 0);
	ck_assert_str_ne(board_route(m.at, 0)->name, board_route(m.at, 1)->name);
	ck_assert_uint_lt(strlen(board_route(m.at, 1)->name), BOARD_ROUTE_NAME);
	shm_close(&m);
}
END_TEST

START_TEST(routes_are_found_again_and_new_ones_get_new_rows)
{
	static const struct route_row routes[] = {
		{ .name = "/he\"llo", .app = "workload", .class = 0 },
		{ .name = "/new", .app = "workload", .class = 0 },
		{ .name = "/sleep", .app = "other", .class = 1 },
	};
	unsigned row[3];
	struct shm m;
	struct board *b = open_board(&m);

	for (unsigned i = 0; i < 3; i++) {
		ck_assert_int_eq(board_map_routes(b, routes, 3, row), 0);
		ck_assert_uint_eq(row[0], 1);
		ck_assert_uint_eq(row[1], 2);
		ck_assert_uint_eq(row[2], 3);
		ck_assert_uint_eq(b->routes, 4);
	}
	ck_assert_str_eq(board_route(b, 3)->name, "/sleep~3"); /* another app's: kept apart */
	ck_assert_str_eq(board_route(b, 3)->app, "other");

	static const struct route_row more[] = { { .name = "/no room" } };
	ck_assert_int_eq(board_map_routes(b, more, 1, row), -ENOSPC);
	ck_assert_uint_eq(b->routes, 4);
	shm_close(&m);
}
END_TEST

START_TEST(a_row_has_as_many_slots_as_its_process)
{
	struct shm m;
	struct board *b = open_board(&m);

	board_worker_begins(b, 0, 1, START_NS);
	ck_assert_uint_eq(worker_free_slots(board_worker(b, 0)), 1);
	ck_assert_uint_eq(board_worker(b, 0)->slots_most, THREADS); /* whose counts stay */
	shm_close(&m);
}
END_TEST

static void path_of(const struct shm *m, char *path, size_t bytes)
{
	snprintf(path, bytes, "/proc/self/fd/%d", m->fd);
}

START_TEST(another_process_can_read_it)
{
	struct shm m, seen;
	struct board *b = open_board(&m);
	char path[64];

	serve_for(board_tally(b, 0, 1), START_NS, 5);
	path_of(&m, path, sizeof path);
	ck_assert_int_eq(board_open_path(&seen, path), 0);
	ck_assert_uint_eq(board_tally(seen.at, 0, 1)->status[200], 1);
	shm_close(&seen);
	shm_close(&m);
}
END_TEST

static void refuses(const char *path)
{
	struct shm seen;

	ck_assert_int_eq(board_open_path(&seen, path), -EPROTO);
	ck_assert_int_eq(seen.fd, -1);
}

START_TEST(what_is_no_board_is_refused)
{
	struct shm m, seen;
	struct board *b = open_board(&m);
	struct board whole = *b;
	char path[64];

	path_of(&m, path, sizeof path);
	b->magic++;
	refuses(path);
	*b = whole;
	b->layout++;
	refuses(path);
	*b = whole;
	b->tallies_at += 64;
	refuses(path);
	*b = whole;
	b->routes_max++;
	refuses(path);
	*b = whole;
	b->threads = UINT32_MAX;
	refuses(path);
	*b = whole;
	memset(b->version, 'x', sizeof b->version);
	refuses(path);
	*b = whole;
	struct route_row *row = (struct route_row *)board_route(b, 1), kept = *row;
	memset(row->name, 'x', sizeof row->name);
	refuses(path);
	*row = kept;
	ck_assert_int_eq(ftruncate(m.fd, 100), 0);
	refuses(path);
	ck_assert_int_eq(board_open_path(&seen, "/proc/self/fd/no-such"), -ENOENT);
	ck_assert_int_eq(board_open_path(&seen, "/proc/self/exe"), -EPROTO);
	shm_close(&m);
}
END_TEST

START_TEST(slots_are_reserved_until_none_is_left)
{
	struct shm m;
	struct worker_row *w = board_worker(open_board(&m), 0);
	uint32_t generation = 0, again;

	ck_assert_uint_eq(worker_free_slots(w), THREADS);
	for (unsigned i = 0; i < THREADS; i++)
		ck_assert(worker_reserve_slot(w, &generation));
	ck_assert_uint_eq(generation, 1);
	ck_assert(!worker_reserve_slot(w, &again));
	worker_release_slot(w, generation);
	ck_assert_uint_eq(worker_free_slots(w), 1);
	ck_assert(worker_reserve_slot(w, &again));
	shm_close(&m);
}
END_TEST

START_TEST(a_release_meant_for_the_dead_does_nothing)
{
	struct shm m;
	struct board *b = open_board(&m);
	struct worker_row *w = board_worker(b, 0);
	uint32_t old, fresh;

	ck_assert(worker_reserve_slot(w, &old));
	board_worker_died(b, 0, false, START_NS + SECOND);
	ck_assert(!worker_reserve_slot(w, &fresh));
	worker_release_slot(w, old);
	ck_assert_uint_eq(worker_free_slots(w), 0);

	board_worker_begins(b, 0, THREADS, START_NS + SECOND);
	ck_assert_uint_eq(w->generation, 2);
	ck_assert_uint_eq(worker_free_slots(w), THREADS);
	worker_release_slot(w, old);
	ck_assert_uint_eq(worker_free_slots(w), THREADS);
	ck_assert(worker_reserve_slot(w, &fresh));
	ck_assert_uint_ne(fresh, old);
	shm_close(&m);
}
END_TEST

#define TURNS 20000

static void *reserve_and_release(void *argument)
{
	struct worker_row *w = argument;
	uint32_t generation;

	for (unsigned i = 0; i < TURNS; i++)
		if (worker_reserve_slot(w, &generation))
			worker_release_slot(w, generation);
	return NULL;
}

START_TEST(no_slot_is_lost_or_made_by_rivals)
{
	struct shm m;
	struct worker_row *w = board_worker(open_board(&m), 0);
	pthread_t rival[3];

	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_create(&rival[i], NULL, reserve_and_release, w), 0);
	for (unsigned i = 0; i < 3; i++)
		pthread_join(rival[i], NULL);
	ck_assert_uint_eq(worker_free_slots(w), THREADS);
	shm_close(&m);
}
END_TEST

/* One done, one waiting, one in a slot (begun by another thread), one inline, one being read. */
static void leave_in_flight(struct board *b)
{
	struct stamps s = way(START_NS, START_NS, START_NS, START_NS, START_NS, START_NS + SECOND);

	serve_for(board_tally(b, 1, 0), START_NS, 10);
	serve_until(board_tally(b, 1, 0), &s, FLOW_WAIT);
	board_enter(b, START_NS);
	serve_until(board_tally(b, 1, 0), &s, FLOW_WAIT);
	board_enter(b, START_NS);
	tally_started(board_tally(b, 1, 2), &s, FLOW_SLOT);
	serve_until(board_tally(b, 1, 1), &s, FLOW_INLINE);
	serve_until(board_tally(b, 1, 1), &s, FLOW_READ);
}

START_TEST(what_was_in_flight_in_the_dead_is_counted_out)
{
	struct shm m;
	struct board *b = open_board(&m);
	struct ledger_sum sum = { 0 };

	leave_in_flight(b);
	board_worker(b, 1)->conns[0] = 7;
	board_slot(b, 1, 0)->state = SLOT_BUSY;
	ck_assert_uint_eq(board_worker_died(b, 1, false, START_NS + 3 * SECOND), 4);
	ck_assert_uint_eq(b->in_flight, 0);
	ck_assert_uint_eq(board_worker(b, 1)->state, WORKER_DEAD);
	ck_assert_int_eq(board_worker(b, 1)->conns[0], 0);
	ck_assert_uint_eq(board_slot(b, 1, 0)->state, SLOT_IDLE);
	for (unsigned i = 0; i <= THREADS; i++)
		tally_add_ledger(&sum, board_tally(b, 1, i));
	for (unsigned f = 0; f < FLOW_COUNT; f++)
		ck_assert_uint_eq(sum.flow[f].in, sum.flow[f].out);
	ck_assert_uint_eq(sum.lost, 4);
	ck_assert_uint_eq(sum.done_ns, 4 * 3 * SECOND + 10 * MS);
	ck_assert_uint_eq(ledger_ages_ns(&sum, START_NS + 99 * SECOND), 0);

	board_worker_begins(b, 1, THREADS, START_NS + 3 * SECOND);
	ck_assert_uint_eq(board_worker_died(b, 1, false, START_NS + 4 * SECOND), 0);
	shm_close(&m);
}
END_TEST

START_TEST(the_ages_of_the_lost_are_in_the_histogram_to_the_nanosecond)
{
	struct shm m;
	struct board *b = open_board(&m);

	for (unsigned i = 0; i < 3; i++) {
		uint64_t at = START_NS + i * 1000 + i / 2;
		struct stamps s = way(at, at, at, at, at, at);

		serve_until(board_tally(b, 0, i), &s, FLOW_SLOT);
	}
	ck_assert_uint_eq(board_worker_died(b, 0, false, START_NS + SECOND), 3);
	const struct hist *total = &board_tally(b, 0, 0)->phase[PHASE_TOTAL];
	ck_assert_uint_eq(total->sum_ns, 3 * SECOND - 3001);
	shm_close(&m);
}
END_TEST

START_TEST(a_death_in_the_middle_of_an_update_loses_one_request_at_most)
{
	struct shm m;
	struct board *b = open_board(&m);
	struct tally *t = board_tally(b, 0, 0);

	serve_for(t, START_NS, 10);
	t->sequence++;
	t->ledger[0].flow[FLOW_TOTAL].in++; /* its instant was never added */
	ck_assert_uint_eq(board_worker_died(b, 0, false, START_NS + SECOND), 0);
	ck_assert_uint_eq(t->ledger[0].flow[FLOW_TOTAL].in, 1);
	ck_assert_uint_eq(t->sequence % 2, 0);
	shm_close(&m);
}
END_TEST

/* Requests by the million, until it is killed. */
static pid_t fork_writer(struct board *b)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	for (uint64_t i = 0; pid == 0; i++)
		serve_for(board_tally(b, 0, i % (THREADS + 1)), START_NS + i, i % 3);
	return pid;
}

#define KILLS 40

START_TEST(workers_killed_at_any_instant_leave_sound_ledgers)
{
	struct shm m;
	struct board *b = open_board(&m);
	uint64_t lost = 0;

	for (unsigned i = 0; i < KILLS; i++) {
		struct ledger_sum sum = { 0 };
		pid_t pid = fork_writer(b);

		usleep(2000 + i * 37);
		kill(pid, SIGKILL);
		ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
		uint64_t died_here = board_worker_died(b, 0, false, START_NS + 10 * SECOND);
		ck_assert_uint_le(died_here, 1);
		lost += died_here;
		for (unsigned k = 0; k <= THREADS; k++)
			tally_add_ledger(&sum, board_tally(b, 0, k));
		ck_assert_uint_eq(sum.flow[FLOW_TOTAL].in, sum.flow[FLOW_TOTAL].out);
		ck_assert_uint_eq(sum.flow[FLOW_TOTAL].out_ns - sum.done_arrived_ns, sum.done_ns);
		ck_assert_uint_eq(ledger_ages_ns(&sum, START_NS + 10 * SECOND), 0);
		ck_assert_uint_eq(sum.lost, lost);
	}
	shm_close(&m);
}
END_TEST

START_TEST(peaks_are_of_their_seconds)
{
	struct shm m;
	struct board *b = open_board(&m);

	for (unsigned i = 1; i <= 5; i++)
		ck_assert_uint_eq(board_enter(b, START_NS), i);
	board_leave(b, 3);
	ck_assert_uint_eq(board_enter(b, START_NS + 2 * SECOND), 3);
	board_tick(b, START_NS + 3 * SECOND);
	ck_assert_uint_eq(board_peak(b, START_NS, START_NS + 3 * SECOND), 5);
	ck_assert_uint_eq(board_peak(b, START_NS + SECOND, START_NS + SECOND), 0);
	ck_assert_uint_eq(board_peak(b, START_NS + SECOND, START_NS + 2 * SECOND), 3);
	ck_assert_uint_eq(board_peak(b, START_NS + 3 * SECOND, START_NS + 3 * SECOND), 3);

	/* The cell of the first second is taken over, though the count is lower now. */
	board_leave(b, 3);
	board_enter(b, START_NS + BOARD_RING * SECOND);
	ck_assert_uint_eq(board_peak(b, START_NS, START_NS + SECOND), 0);
	ck_assert_uint_eq(board_peak(b, START_NS, START_NS + BOARD_RING * SECOND), 3);
	shm_close(&m);
}
END_TEST

START_TEST(a_count_nothing_accounts_for_is_mended)
{
	struct shm m;
	struct board *b = open_board(&m);
	struct stamps s = way(START_NS, START_NS, START_NS, START_NS, START_NS, START_NS);

	board_enter(b, START_NS);
	serve_until(board_tally(b, 0, 0), &s, FLOW_SLOT);
	for (unsigned i = 1; i < 30; i++)
		board_tick(b, START_NS);
	ck_assert_uint_eq(b->in_flight, 1);

	tally_finished(board_tally(b, 0, 0), &s, FLOW_SLOT);
	for (unsigned i = 4; i < 13; i++)
		board_tick(b, START_NS + i * SECOND);
	ck_assert_uint_eq(b->in_flight, 1);
	for (unsigned i = 13; i < 16; i++)
		board_tick(b, START_NS + i * SECOND);
	ck_assert_uint_eq(b->in_flight, 0);

	board_leave(b, 1);
	ck_assert_uint_eq(board_in_flight(b), 0);
	ck_assert_uint_eq(board_enter(b, START_NS + 16 * SECOND), 0);
	shm_close(&m);
}
END_TEST

/* Pages of that piece of shared memory that the system has given memory to. */
static unsigned pages_in_use(const void *from, const void *to)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t begin = ((uintptr_t)from + page - 1) / page * page,
		  end = (uintptr_t)to / page * page;
	unsigned char in_core;
	unsigned count = 0;

	for (; begin < end; begin += page) {
		ck_assert_int_eq(mincore((void *)begin, page, &in_core), 0);
		count += in_core & 1;
	}
	return count;
}

START_TEST(reading_costs_no_memory_for_slots_never_used)
{
	struct shm m;
	struct board *b = open_board(&m);
	const struct tally *idle = board_tally(b, 1, 0), *used = board_tally(b, 1, 1);

	serve_for(board_tally(b, 1, 1), START_NS, 10);
	board_tick(b, START_NS + SECOND);
	ck_assert_uint_eq(pages_in_use(idle->phase, &idle->route[b->routes_max]), 0);
	ck_assert_uint_gt(pages_in_use(used->phase, &used->route[b->routes_max]), 0);
	shm_close(&m);
}
END_TEST

UNIT_SUITE_OF(board, rows_lie_on_their_own_lines_within_the_board, a_plan_out_of_bounds_is_refused,
	      long_route_names_stay_apart, routes_are_found_again_and_new_ones_get_new_rows,
	      a_row_has_as_many_slots_as_its_process, another_process_can_read_it,
	      what_is_no_board_is_refused, slots_are_reserved_until_none_is_left,
	      a_release_meant_for_the_dead_does_nothing, no_slot_is_lost_or_made_by_rivals,
	      what_was_in_flight_in_the_dead_is_counted_out,
	      the_ages_of_the_lost_are_in_the_histogram_to_the_nanosecond,
	      a_death_in_the_middle_of_an_update_loses_one_request_at_most,
	      workers_killed_at_any_instant_leave_sound_ledgers, peaks_are_of_their_seconds,
	      a_count_nothing_accounts_for_is_mended, reading_costs_no_memory_for_slots_never_used)
