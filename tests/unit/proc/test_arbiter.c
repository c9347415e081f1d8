/* The arbiter, by sequences of events: each line says what happens and what is then to be done. */
#include "proc/arbiter.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

#define WORKERS 3
#define SEATS 8
#define S 1000000000ull

static struct arbiter arbiter;
static struct seat seats[SEATS];
static struct action actions[ARBITER_ACTIONS(SEATS)];
static unsigned count;
static uint64_t now_ns;
static char done[1024];

static const struct arbiter_policy policy = { .workers = WORKERS, .graceful_ns = 30 * S };

static const char *const names[ACTIONS] = {
	[ACTION_SPAWN] = "spawn",   [ACTION_RETIRE] = "retire",   [ACTION_ABORT] = "abort",
	[ACTION_KILL] = "kill",     [ACTION_READY] = "READY",     [ACTION_RENEWED] = "RENEWED",
	[ACTION_REVERT] = "REVERT", [ACTION_UNREADY] = "UNREADY", [ACTION_DRAIN] = "DRAIN",
	[ACTION_QUIT] = "QUIT",     [ACTION_KILL_ALL] = "KILL",   [ACTION_EXIT] = "EXIT",
};

static void write_down(void)
{
	size_t n = 0;

	done[0] = '\0';
	for (unsigned i = 0; i < count; i++) {
		const struct action *a = &actions[i];
		bool has_seat = a->kind <= ACTION_KILL;

		n += (size_t)snprintf(done + n, sizeof done - n, "%s%s", n ? ", " : "",
				      names[a->kind]);
		if (has_seat || a->kind == ACTION_EXIT)
			n += (size_t)snprintf(done + n, sizeof done - n, " %u",
					      has_seat ? a->seat : (unsigned)a->status);
	}
}

static const char *handle(struct arbiter_event e)
{
	e.now_ns = now_ns;
	count = arbiter_handle(&arbiter, &e, actions);
	ck_assert_uint_le(count, ARBITER_ACTIONS(SEATS));
	write_down();
	return done;
}

static const char *on(enum arbiter_event_kind kind)
{
	return handle((struct arbiter_event){ .kind = kind });
}

static const char *at_seat(enum arbiter_event_kind kind, unsigned seat)
{
	return handle((struct arbiter_event){ .kind = kind, .seat = seat });
}

static const char *ready(unsigned seat)
{
	return at_seat(EVENT_READY, seat);
}

static const char *exits(unsigned seat, int status)
{
	return handle(
		(struct arbiter_event){ .kind = EVENT_EXITED, .seat = seat, .exit_status = status });
}

static const char *wants_workers(unsigned workers)
{
	return handle((struct arbiter_event){ .kind = EVENT_WORKERS, .workers = workers });
}

static const char *gets_edition(unsigned edition, unsigned workers, bool all_at_once)
{
	struct arbiter_event e = { .kind = EVENT_EDITION, .edition = edition, .policy = policy };

	e.policy.workers = workers;
	e.policy.all_at_once = all_at_once;
	return handle(e);
}

/* A tick when it is due, and not before: how long it took. */
static uint64_t pass_time(const char *expected)
{
	uint64_t before_ns = now_ns, due_ns = arbiter_next_tick(&arbiter);

	ck_assert_uint_ne(due_ns, UINT64_MAX);
	ck_assert_uint_gt(due_ns, now_ns);
	now_ns = due_ns - 1;
	ck_assert_str_eq(on(EVENT_TICK), "");
	now_ns = due_ns;
	ck_assert_str_eq(on(EVENT_TICK), expected);
	return now_ns - before_ns;
}

static void begin(void)
{
	now_ns = S;
	arbiter_init(&arbiter, seats, SEATS, 1, &policy);
	ck_assert_str_eq(on(EVENT_BEGIN), "spawn 0, spawn 1, spawn 2");
}

static void serve(void)
{
	begin();
	ck_assert_str_eq(ready(0), "");
	now_ns += 1;
	ck_assert_str_eq(ready(2), "");
	now_ns += 1;
	ck_assert_str_eq(ready(1), "READY");
	now_ns += 100 * S;
	ck_assert_uint_eq(arbiter_next_tick(&arbiter), UINT64_MAX);
}

START_TEST(it_starts_the_workers_and_says_when_all_are_ready)
{
	serve();
	ck_assert_str_eq(ready(1), ""); /* told twice */
}
END_TEST

START_TEST(a_worker_that_says_it_cannot_start_ends_the_start)
{
	begin();
	ck_assert_str_eq(exits(0, 4), "QUIT");
	ck_assert_str_eq(exits(1, 0), "");
	ck_assert_str_eq(exits(2, 0), "EXIT 4");
}
END_TEST

START_TEST(one_that_crashes_at_start_is_tried_again_ever_later_and_then_no_more)
{
	uint64_t before = 0;

	begin();
	ready(1); /* others may be fine; this one is not */
	ready(2);
	for (unsigned i = 1; i < ARBITER_FAILURES; i++) {
		ck_assert_str_eq(exits(0, -1), "");
		uint64_t delay = pass_time("spawn 0");
		ck_assert_uint_ge(delay, before);
		ck_assert_uint_le(delay, ARBITER_RETRY_MOST_NS);
		before = delay;
	}
	ck_assert_str_eq(exits(0, -1), "QUIT");
	exits(1, 0);
	ck_assert_str_eq(exits(2, 0), "EXIT 3");
}
END_TEST

START_TEST(a_fork_that_fails_is_tried_again_for_ever_while_others_serve)
{
	serve();
	ck_assert_str_eq(exits(1, -1), "spawn 1");
	for (unsigned i = 0; i < 5 * ARBITER_FAILURES; i++) {
		ck_assert_str_eq(at_seat(EVENT_UNFORKED, 1), "");
		ck_assert_uint_ge(pass_time("spawn 1"), ARBITER_RETRY_NS);
	}
	ck_assert_str_eq(ready(1), "");
	now_ns += 2 * S;
	ck_assert_str_eq(exits(1, -1), "spawn 1"); /* the slate is wiped */
}
END_TEST

START_TEST(when_nobody_serves_and_none_can_start_the_server_gives_up)
{
	serve();
	for (unsigned i = 0; i < WORKERS; i++)
		exits(i, -1);
	for (unsigned i = 0; strcmp(done, "QUIT") != 0; i++) {
		ck_assert_uint_le(i, 3 * ARBITER_FAILURES);
		unsigned seat = 0;
		while (seats[seat].state != SEAT_STARTING && ++seat < WORKERS)
			;
		if (seat < WORKERS) {
			exits(seat, -1);
			continue;
		}
		now_ns = arbiter_next_tick(&arbiter);
		on(EVENT_TICK);
	}
	ck_assert_int_eq(arbiter.status, 3);
}
END_TEST

START_TEST(a_dead_worker_is_replaced_at_once)
{
	serve();
	ck_assert_str_eq(exits(1, -1), "spawn 1");
	ck_assert_str_eq(ready(1), ""); /* not announced again */
}
END_TEST

START_TEST(workers_that_die_as_soon_as_they_are_ready_cost_little)
{
	unsigned deaths = 0;
	uint64_t begin_ns;

	serve();
	exits(1, -1);
	begin_ns = now_ns;
	for (; now_ns < begin_ns + 60 * S; deaths++) {
		ready(1);
		if (strcmp(exits(1, -1), "spawn 1") != 0)
			pass_time("spawn 1");
	}
	ck_assert_uint_ge(deaths, WORKERS + ARBITER_EARLY_FREE);
	ck_assert_uint_le(deaths, WORKERS + ARBITER_EARLY_FREE + 20);

	ready(1);
	now_ns += 2 * S;
	ck_assert_str_eq(exits(1, -1), "spawn 1"); /* this one lived */
}
END_TEST

START_TEST(a_silent_worker_says_what_it_does_and_is_replaced_meanwhile)
{
	serve();
	ck_assert_str_eq(at_seat(EVENT_SILENT, 2), "abort 2, spawn 3");
	ck_assert_str_eq(at_seat(EVENT_SILENT, 2), "");
	ck_assert_uint_eq(pass_time("kill 2"), ARBITER_ABORT_NS);
	ck_assert_str_eq(exits(2, -1), "");
	ck_assert_str_eq(ready(3), "");
}
END_TEST

START_TEST(one_silent_while_it_starts_counts_as_failed)
{
	begin();
	ck_assert_str_eq(at_seat(EVENT_SILENT, 0), "abort 0, spawn 3");
	ck_assert_str_eq(exits(0, -1), "");
	ck_assert_uint_eq(arbiter.failures, 1);
}
END_TEST

START_TEST(one_that_wants_relief_leaves_when_its_successor_is_ready)
{
	serve();
	ck_assert_str_eq(at_seat(EVENT_WISH, 1), "spawn 3");
	ck_assert_str_eq(at_seat(EVENT_WISH, 1), "");
	ck_assert_str_eq(at_seat(EVENT_WISH, 0), "");    /* one after the other */
	ck_assert_str_eq(ready(3), "retire 0, spawn 4"); /* the older of the two */
	ck_assert_str_eq(exits(0, 0), "");
	ck_assert_str_eq(ready(4), "retire 1");
	ck_assert_str_eq(exits(1, 0), "");
	ck_assert_uint_eq(arbiter_next_tick(&arbiter), UINT64_MAX);
}
END_TEST

START_TEST(one_that_leaves_by_itself_is_replaced_at_once)
{
	serve();
	ck_assert_str_eq(at_seat(EVENT_LEAVING, 1), "spawn 3");
	ck_assert_str_eq(exits(1, 0), "");
	ck_assert_str_eq(ready(3), "");
}
END_TEST

START_TEST(one_that_does_not_leave_in_time_is_killed)
{
	serve();
	at_seat(EVENT_WISH, 1);
	ck_assert_str_eq(ready(3), "retire 1");
	ck_assert_uint_eq(pass_time("kill 1"), 30 * S);
	ck_assert_uint_eq(pass_time("kill 1"), ARBITER_QUIT_NS); /* a signal may take a while */
	ck_assert_str_eq(exits(1, -1), "");
}
END_TEST

START_TEST(more_and_fewer_workers)
{
	serve();
	ck_assert_str_eq(wants_workers(5), "spawn 3, spawn 4");
	ck_assert_str_eq(ready(4), "");
	ck_assert_str_eq(ready(3), "");
	ck_assert_str_eq(wants_workers(2), "retire 0, retire 2, retire 1"); /* the oldest */
	ck_assert_str_eq(exits(2, 0), "");
	ck_assert_str_eq(wants_workers(1000), "spawn 2, spawn 5, spawn 6, spawn 7");
	ck_assert_uint_eq(arbiter.policy.workers, arbiter_workers_max(SEATS));
}
END_TEST

START_TEST(without_workers_the_server_stays_and_takes_them_back)
{
	serve();
	ck_assert_str_eq(wants_workers(0), "retire 0, retire 2, retire 1");
	for (unsigned i = 0; i < WORKERS; i++)
		ck_assert_str_eq(exits(i, 0), "");
	ck_assert_str_eq(wants_workers(1), "spawn 0");
	ck_assert_str_eq(ready(0), "");
	ck_assert_str_eq(gets_edition(2, WORKERS, false), "spawn 1, spawn 2, spawn 3");
}
END_TEST

START_TEST(an_edition_replaces_one_worker_after_the_other)
{
	serve();
	ck_assert_str_eq(gets_edition(2, WORKERS, false), "spawn 3");
	ck_assert_str_eq(ready(3), "retire 0, spawn 4");
	ck_assert_str_eq(ready(4), "retire 2, spawn 5");
	ck_assert_str_eq(exits(0, 0), "");
	ck_assert_str_eq(ready(5), "retire 1, RENEWED");
	ck_assert_str_eq(exits(1, 0), "");
	ck_assert_str_eq(exits(2, 0), "");
	ck_assert_uint_eq(arbiter_next_tick(&arbiter), UINT64_MAX);
}
END_TEST

START_TEST(or_all_at_once)
{
	serve();
	ck_assert_str_eq(gets_edition(2, WORKERS, true), "spawn 3, spawn 4, spawn 5");
	ck_assert_str_eq(ready(4), "");
	ck_assert_str_eq(ready(3), "");
	ck_assert_str_eq(ready(5), "retire 0, retire 2, retire 1, RENEWED");
}
END_TEST

START_TEST(an_edition_with_more_or_fewer_workers)
{
	serve();
	ck_assert_str_eq(gets_edition(2, 1, false), "retire 0, retire 2, spawn 3");
	ck_assert_str_eq(ready(3), "retire 1, RENEWED");
	for (unsigned i = 0; i < WORKERS; i++)
		exits(i, 0);
	ck_assert_str_eq(gets_edition(3, 4, false), "spawn 0, spawn 1, spawn 2, spawn 4");
	ready(0);
	ready(1);
	ck_assert_str_eq(ready(2), "");
	ck_assert_str_eq(ready(4), "retire 3, RENEWED");
}
END_TEST

START_TEST(an_edition_that_says_it_cannot_start_is_given_up)
{
	serve();
	ck_assert_str_eq(gets_edition(2, 4, false), "spawn 3, spawn 4");
	ck_assert_str_eq(exits(3, 4), "REVERT, retire 4");
	ck_assert_str_eq(exits(4, 0), "");
	ck_assert_uint_eq(arbiter.edition, 1);
	ck_assert_uint_eq(arbiter.policy.workers, WORKERS);
	ck_assert_uint_eq(arbiter_next_tick(&arbiter), UINT64_MAX);
	ck_assert_str_eq(exits(0, -1), "spawn 0");
	ck_assert_uint_eq(seats[0].edition, 1);
}
END_TEST

START_TEST(and_so_is_one_that_crashes)
{
	serve();
	ck_assert_str_eq(gets_edition(2, WORKERS, false), "spawn 3");
	for (unsigned i = 1; i < ARBITER_EDITION_FAILURES; i++) {
		ck_assert_str_eq(exits(3, -1), "");
		pass_time("spawn 3");
	}
	ck_assert_str_eq(exits(3, -1), "REVERT");
}
END_TEST

START_TEST(one_of_which_a_worker_served_is_not_given_up)
{
	serve();
	gets_edition(2, WORKERS, false);
	ready(3);
	exits(0, 0);
	for (unsigned i = 0; i < 2 * ARBITER_FAILURES; i++) {
		ck_assert_str_eq(exits(i ? 0 : 4, 4), "");
		ck_assert_uint_eq(arbiter.edition, 2);
		pass_time("spawn 0");
	}
	ck_assert_str_eq(ready(0), "retire 2, spawn 4");
}
END_TEST

START_TEST(an_edition_overtaken_by_the_next)
{
	serve();
	ck_assert_str_eq(gets_edition(2, WORKERS, false), "spawn 3");
	ck_assert_str_eq(gets_edition(3, WORKERS, false), "retire 3, spawn 4");
	ck_assert_str_eq(ready(3), ""); /* too late */
	ck_assert_str_eq(exits(3, 0), "");
	ck_assert_str_eq(ready(4), "retire 0, spawn 3");
	ck_assert_str_eq(ready(3), "retire 2, spawn 5");
	ck_assert_str_eq(ready(5), "retire 1, RENEWED");
}
END_TEST

START_TEST(without_a_free_seat_it_waits_for_one)
{
	serve();
	wants_workers(SEATS - 2);
	for (unsigned i = 3; i < SEATS - 2; i++)
		ready(i);
	ck_assert_str_eq(gets_edition(2, SEATS - 2, true), "spawn 6, spawn 7");
	ck_assert_str_eq(ready(6), "");
	ck_assert_str_eq(ready(7), "retire 0, retire 2"); /* nothing is left but one by one */
	ck_assert_str_eq(exits(2, 0), "spawn 2");
}
END_TEST

START_TEST(term_drains_and_leaves_when_the_last_is_gone)
{
	serve();
	ck_assert_str_eq(on(EVENT_TERM), "DRAIN");
	ck_assert_uint_eq(arbiter_next_tick(&arbiter), now_ns + 30 * S);
	ck_assert_str_eq(exits(0, 0), ""); /* not replaced */
	ck_assert_str_eq(exits(1, 0), "");
	ck_assert_str_eq(exits(2, 0), "EXIT 0");
}
END_TEST

START_TEST(it_serves_on_for_the_delay)
{
	serve();
	arbiter.policy.delay_ns = 5 * S;
	ck_assert_str_eq(on(EVENT_TERM), "UNREADY");
	ck_assert_str_eq(exits(0, -1), "spawn 0");
	ck_assert_str_eq(gets_edition(2, WORKERS, false), "");
	ck_assert_uint_eq(pass_time("DRAIN"), 5 * S);

	serve();
	arbiter.policy.delay_ns = 5 * S;
	on(EVENT_TERM);
	ck_assert_str_eq(on(EVENT_TERM), "QUIT");
}
END_TEST

START_TEST(what_is_left_at_the_deadline_is_killed)
{
	serve();
	on(EVENT_TERM);
	ck_assert_uint_eq(pass_time("KILL"), 30 * S);
	ck_assert_uint_eq(pass_time("KILL"), ARBITER_QUIT_NS);
}
END_TEST

START_TEST(a_second_term_and_quit_are_quick)
{
	serve();
	ck_assert_str_eq(on(EVENT_TERM), "DRAIN");
	ck_assert_str_eq(on(EVENT_TERM), "QUIT");
	ck_assert_uint_eq(pass_time("KILL"), ARBITER_QUIT_NS);

	serve();
	ck_assert_str_eq(on(EVENT_QUIT), "QUIT");
}
END_TEST

START_TEST(nothing_is_started_any_more)
{
	serve();
	on(EVENT_TERM);
	ck_assert_str_eq(at_seat(EVENT_SILENT, 2), "");
	ck_assert_str_eq(at_seat(EVENT_WISH, 2), "");
	ck_assert_str_eq(at_seat(EVENT_LEAVING, 2), "");
	ck_assert_str_eq(wants_workers(5), "");
	ck_assert_str_eq(gets_edition(2, 5, false), "");
}
END_TEST

START_TEST(with_nobody_left_a_stop_is_immediate)
{
	serve();
	wants_workers(0);
	for (unsigned i = 0; i < WORKERS; i++)
		exits(i, 0);
	ck_assert_str_eq(on(EVENT_TERM), "DRAIN, EXIT 0");
}
END_TEST

UNIT_SUITE_OF(arbiter, it_starts_the_workers_and_says_when_all_are_ready,
	      a_worker_that_says_it_cannot_start_ends_the_start,
	      one_that_crashes_at_start_is_tried_again_ever_later_and_then_no_more,
	      a_fork_that_fails_is_tried_again_for_ever_while_others_serve,
	      when_nobody_serves_and_none_can_start_the_server_gives_up,
	      a_dead_worker_is_replaced_at_once,
	      workers_that_die_as_soon_as_they_are_ready_cost_little,
	      a_silent_worker_says_what_it_does_and_is_replaced_meanwhile,
	      one_silent_while_it_starts_counts_as_failed,
	      one_that_wants_relief_leaves_when_its_successor_is_ready,
	      one_that_leaves_by_itself_is_replaced_at_once,
	      one_that_does_not_leave_in_time_is_killed, more_and_fewer_workers,
	      without_workers_the_server_stays_and_takes_them_back,
	      an_edition_replaces_one_worker_after_the_other, or_all_at_once,
	      an_edition_with_more_or_fewer_workers,
	      an_edition_that_says_it_cannot_start_is_given_up, and_so_is_one_that_crashes,
	      one_of_which_a_worker_served_is_not_given_up, an_edition_overtaken_by_the_next,
	      without_a_free_seat_it_waits_for_one, term_drains_and_leaves_when_the_last_is_gone,
	      it_serves_on_for_the_delay, what_is_left_at_the_deadline_is_killed,
	      a_second_term_and_quit_are_quick, nothing_is_started_any_more,
	      with_nobody_left_a_stop_is_immediate)
