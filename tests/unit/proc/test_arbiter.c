/* The arbiter, by sequences of events. */
#include "proc/arbiter.h"

#include "unit.h"

#define SEATS 3
#define S 1000000000ull

static struct arbiter arbiter;
static struct seat seats[SEATS];
static struct action actions[ARBITER_ACTIONS(SEATS)];
static unsigned count;

static void begin(uint64_t graceful_ns)
{
	arbiter_init(&arbiter, seats, SEATS, graceful_ns);
}

static unsigned handle(enum arbiter_event_kind kind, uint64_t now_ns, unsigned seat, int status)
{
	const struct arbiter_event e = { kind, now_ns, seat, status };

	count = arbiter_handle(&arbiter, &e, actions);
	ck_assert_uint_le(count, ARBITER_ACTIONS(SEATS));
	return count;
}

static bool gave(enum action_kind kind)
{
	for (unsigned i = 0; i < count; i++)
		if (actions[i].kind == kind)
			return true;
	return false;
}

static void serve(void)
{
	begin(30 * S);
	handle(EVENT_BEGIN, 0, 0, 0);
	for (unsigned i = 0; i < SEATS; i++)
		handle(EVENT_READY, 1, i, 0);
	ck_assert_int_eq(arbiter.state, ARBITER_SERVING);
}

START_TEST(it_fills_every_seat_and_says_when_all_are_ready)
{
	begin(30 * S);
	ck_assert_uint_eq(handle(EVENT_BEGIN, 0, 0, 0), SEATS);
	for (unsigned i = 0; i < SEATS; i++) {
		ck_assert_int_eq(actions[i].kind, ACTION_SPAWN);
		ck_assert_uint_eq(actions[i].seat, i);
	}
	ck_assert_uint_eq(handle(EVENT_READY, 1, 0, 0), 0);
	ck_assert_uint_eq(handle(EVENT_READY, 1, 2, 0), 0);
	ck_assert_uint_eq(handle(EVENT_READY, 1, 1, 0), 1);
	ck_assert(gave(ACTION_READY));
	ck_assert_uint_eq(handle(EVENT_READY, 2, 1, 0), 0); /* told twice */
}
END_TEST

START_TEST(a_dead_worker_is_replaced_at_once)
{
	serve();
	ck_assert_uint_eq(handle(EVENT_EXITED, 5 * S, 1, -1), 1);
	ck_assert_int_eq(actions[0].kind, ACTION_SPAWN);
	ck_assert_uint_eq(actions[0].seat, 1);
	ck_assert_uint_eq(handle(EVENT_READY, 6 * S, 1, 0), 0); /* not announced again */
}
END_TEST

START_TEST(a_worker_that_says_it_cannot_start_ends_the_start)
{
	begin(30 * S);
	handle(EVENT_BEGIN, 0, 0, 0);
	handle(EVENT_EXITED, 1, 0, 4);
	ck_assert(gave(ACTION_QUIT));
	ck_assert(!gave(ACTION_SPAWN));
	handle(EVENT_EXITED, 2, 1, 0);
	ck_assert_uint_eq(count, 0);
	handle(EVENT_EXITED, 3, 2, 0);
	ck_assert(gave(ACTION_EXIT));
	ck_assert_int_eq(actions[0].status, 4);
}
END_TEST

START_TEST(one_that_crashes_at_start_is_tried_again_ever_later_and_then_no_more)
{
	uint64_t now = 0, before = 0;

	begin(30 * S);
	handle(EVENT_BEGIN, 0, 0, 0);
	handle(EVENT_READY, 1, 1, 0); /* others may be fine; seat 0 is not */
	for (unsigned i = 1; i < ARBITER_FAILURES; i++) {
		ck_assert_uint_eq(handle(EVENT_EXITED, now, 0, -1), 0);
		uint64_t delay = arbiter_next_tick(&arbiter) - now;
		ck_assert_uint_ge(delay, before);
		ck_assert_uint_le(delay, ARBITER_RETRY_MOST_NS);
		ck_assert_uint_eq(handle(EVENT_TICK, now + delay - 1, 0, 0), 0);
		now += before = delay;
		ck_assert_uint_eq(handle(EVENT_TICK, now, 0, 0), 1);
		ck_assert_int_eq(actions[0].kind, ACTION_SPAWN);
	}
	handle(EVENT_EXITED, now, 0, -1);
	ck_assert(gave(ACTION_QUIT));
	ck_assert_int_eq(arbiter.status, 3);
}
END_TEST

START_TEST(success_wipes_the_slate)
{
	serve();
	for (unsigned round = 0; round < 3 * ARBITER_FAILURES; round++) {
		handle(EVENT_EXITED, round * S, 0, -1); /* was ready: at once */
		handle(EVENT_EXITED, round * S, 0, -1); /* was not: later */
		handle(EVENT_TICK, round * S + S, 0, 0);
		ck_assert(gave(ACTION_SPAWN));
		handle(EVENT_READY, round * S + S, 0, 0);
	}
	ck_assert_int_eq(arbiter.state, ARBITER_SERVING);
}
END_TEST

START_TEST(term_drains_and_leaves_when_the_last_is_gone)
{
	serve();
	handle(EVENT_TERM, 10 * S, 0, 0);
	ck_assert_uint_eq(count, 1);
	ck_assert_int_eq(actions[0].kind, ACTION_DRAIN);
	ck_assert_uint_eq(arbiter_next_tick(&arbiter), 40 * S);
	ck_assert_uint_eq(handle(EVENT_EXITED, 11 * S, 0, 0), 0); /* not replaced */
	ck_assert_uint_eq(handle(EVENT_EXITED, 11 * S, 1, 0), 0);
	ck_assert_uint_eq(handle(EVENT_EXITED, 12 * S, 2, 0), 1);
	ck_assert_int_eq(actions[0].kind, ACTION_EXIT);
	ck_assert_int_eq(actions[0].status, 0);
}
END_TEST

START_TEST(what_is_left_at_the_deadline_is_killed)
{
	serve();
	handle(EVENT_TERM, 0, 0, 0);
	ck_assert_uint_eq(handle(EVENT_TICK, 30 * S - 1, 0, 0), 0);
	ck_assert_uint_eq(handle(EVENT_TICK, 30 * S, 0, 0), 1);
	ck_assert_int_eq(actions[0].kind, ACTION_KILL_ALL);
}
END_TEST

START_TEST(a_second_term_and_quit_are_quick)
{
	serve();
	handle(EVENT_TERM, 0, 0, 0);
	handle(EVENT_TERM, 1, 0, 0);
	ck_assert(gave(ACTION_QUIT));
	ck_assert_uint_eq(arbiter_next_tick(&arbiter), 1 + ARBITER_QUIT_NS);

	serve();
	handle(EVENT_QUIT, 0, 0, 0);
	ck_assert(gave(ACTION_QUIT));
}
END_TEST

START_TEST(a_silent_worker_is_killed_unless_all_are_leaving)
{
	serve();
	handle(EVENT_SILENT, 0, 2, 0);
	ck_assert_uint_eq(count, 1);
	ck_assert_int_eq(actions[0].kind, ACTION_KILL);
	ck_assert_uint_eq(actions[0].seat, 2);
	handle(EVENT_TERM, 1, 0, 0);
	ck_assert_uint_eq(handle(EVENT_SILENT, 2, 2, 0), 0);
}
END_TEST

START_TEST(with_nobody_left_a_stop_is_immediate)
{
	begin(30 * S);
	handle(EVENT_BEGIN, 0, 0, 0);
	for (unsigned i = 0; i < SEATS; i++)
		handle(EVENT_EXITED, 0, i, -1);
	handle(EVENT_TERM, 1, 0, 0);
	ck_assert(gave(ACTION_EXIT));
}
END_TEST

UNIT_SUITE_OF(arbiter, it_fills_every_seat_and_says_when_all_are_ready,
	      a_dead_worker_is_replaced_at_once, a_worker_that_says_it_cannot_start_ends_the_start,
	      one_that_crashes_at_start_is_tried_again_ever_later_and_then_no_more,
	      success_wipes_the_slate, term_drains_and_leaves_when_the_last_is_gone,
	      what_is_left_at_the_deadline_is_killed, a_second_term_and_quit_are_quick,
	      a_silent_worker_is_killed_unless_all_are_leaving, with_nobody_left_a_stop_is_immediate)
