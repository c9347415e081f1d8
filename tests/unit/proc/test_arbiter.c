/* The arbiter, by sequences of events: workers that start, die, come and go; and the end. */
#include "proc/arbiter.h"

#include <string.h>

#include "arbiter_script.h"
#include "unit.h"

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

START_TEST(any_other_status_is_a_death_like_another)
{
	begin();
	for (unsigned i = 1; i < ARBITER_FAILURES; i++) {
		ck_assert_str_eq(exits(0, 1), "");
		pass_time("spawn 0");
	}
	ck_assert_str_eq(exits(0, 1), "QUIT");
	exits(1, 0);
	ck_assert_str_eq(exits(2, 0), "EXIT 3");
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

START_TEST(whoever_kills_workers_sees_them_replaced_at_once)
{
	serve();
	for (unsigned i = 0; i < 50; i++) {
		ck_assert_str_eq(is_killed(1), "spawn 1"); /* one that was ready for no time, */
		ck_assert_str_eq(is_killed(1), "spawn 1"); /* one that was not ready yet */
		ready(1);
		now_ns += S;
	}
	ck_assert_uint_eq(arbiter.failures, 0);
}
END_TEST

START_TEST(but_one_the_kernel_kills_again_and_again_costs_little)
{
	unsigned deaths = 0;
	uint64_t begin_ns;

	serve();
	begin_ns = now_ns;
	for (; now_ns < begin_ns + 60 * S; deaths++) {
		if (strcmp(is_killed(1), "spawn 1") != 0)
			pass_time("spawn 1");
		ready(1);
	}
	ck_assert_uint_le(deaths, 320);
}
END_TEST

START_TEST(debts_are_paid_off)
{
	serve();
	for (unsigned i = 0; i < 1000; i++) {
		if (strcmp(exits(1, -1), "spawn 1") != 0)
			pass_time("spawn 1");
		ready(1);
	}
	now_ns += ARBITER_DEBT_BEYOND * ARBITER_DEBT_NS;
	seats[1].ready_ns = now_ns; /* a young one */
	exits(1, -1);
	ck_assert_uint_eq(pass_time("spawn 1"), ARBITER_RETRY_NS);
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

START_TEST(one_with_a_slot_that_hangs_is_not_killed_before_its_others_may_be_done)
{
	serve();
	arbiter.policy.slot_ns = 60 * S;
	ck_assert_str_eq(is_hurt(1), "spawn 3");
	ck_assert_str_eq(ready(3), "retire 1");
	ck_assert_uint_eq(pass_time("kill 1"), 60 * S + ARBITER_LOOK_NS);
	exits(1, -1);

	arbiter.policy.slot_ns = 10 * S; /* graceful_timeout is longer */
	ck_assert_str_eq(is_hurt(3), "spawn 1");
	ck_assert_str_eq(ready(1), "retire 3");
	ck_assert_uint_eq(pass_time("kill 3"), 30 * S);
}
END_TEST

START_TEST(one_that_hangs_when_it_starts_is_not_waited_for)
{
	serve();
	ck_assert_str_eq(wants_workers(4), "spawn 3");
	ck_assert_str_eq(gets_edition(2, WORKERS, false), "retire 3, spawn 4");
	ck_assert_uint_eq(pass_time("kill 3"), ARBITER_UNBORN_NS);

	serve();
	ck_assert_str_eq(wants_workers(5), "spawn 3, spawn 4");
	ck_assert_str_eq(on(EVENT_TERM), "DRAIN");
	for (unsigned i = 0; i < WORKERS; i++)
		exits(i, 0);
	now_ns += S;
	ck_assert_str_eq(at_seat(EVENT_LEAVING, 4), ""); /* this one has started, and has work */
	ck_assert_uint_eq(pass_time("kill 3"), ARBITER_UNBORN_NS - S);
	exits(3, -1);
	ck_assert_uint_eq(pass_time("KILL"), 30 * S - ARBITER_UNBORN_NS);
}
END_TEST

START_TEST(one_ready_only_after_it_was_told_to_leave_has_the_time_of_others)
{
	serve();
	wants_workers(4);
	gets_edition(2, WORKERS, false);
	now_ns += S;
	ck_assert_str_eq(ready(3), "");
	ck_assert_str_eq(ready(3), "");
	ck_assert_uint_eq(pass_time("kill 3"), 30 * S);
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

START_TEST(asking_again_puts_the_end_off_for_nobody)
{
	uint64_t asked_ns;

	serve();
	on(EVENT_TERM);
	ck_assert_str_eq(on(EVENT_TERM), "QUIT");
	asked_ns = now_ns;
	for (int i = 0; i < 3; i++) {
		now_ns += ARBITER_QUIT_NS / 4;
		ck_assert_str_eq(on(i % 2 ? EVENT_TERM : EVENT_QUIT), "QUIT");
	}
	pass_time("KILL");
	ck_assert_uint_eq(now_ns - asked_ns, ARBITER_QUIT_NS);
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
	      any_other_status_is_a_death_like_another,
	      one_that_crashes_at_start_is_tried_again_ever_later_and_then_no_more,
	      a_fork_that_fails_is_tried_again_for_ever_while_others_serve,
	      when_nobody_serves_and_none_can_start_the_server_gives_up,
	      a_dead_worker_is_replaced_at_once,
	      workers_that_die_as_soon_as_they_are_ready_cost_little,
	      whoever_kills_workers_sees_them_replaced_at_once,
	      but_one_the_kernel_kills_again_and_again_costs_little, debts_are_paid_off,
	      a_silent_worker_says_what_it_does_and_is_replaced_meanwhile,
	      one_silent_while_it_starts_counts_as_failed,
	      one_that_wants_relief_leaves_when_its_successor_is_ready,
	      one_that_leaves_by_itself_is_replaced_at_once,
	      one_that_does_not_leave_in_time_is_killed,
	      one_with_a_slot_that_hangs_is_not_killed_before_its_others_may_be_done,
	      one_that_hangs_when_it_starts_is_not_waited_for,
	      one_ready_only_after_it_was_told_to_leave_has_the_time_of_others,
	      more_and_fewer_workers, without_workers_the_server_stays_and_takes_them_back,
	      term_drains_and_leaves_when_the_last_is_gone, it_serves_on_for_the_delay,
	      what_is_left_at_the_deadline_is_killed, a_second_term_and_quit_are_quick,
	      asking_again_puts_the_end_off_for_nobody, nothing_is_started_any_more,
	      with_nobody_left_a_stop_is_immediate)
