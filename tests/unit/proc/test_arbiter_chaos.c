/* The arbiter under any sequence of events: what must hold after each, and where it comes to rest. */
#include "proc/arbiter.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define SEATS 8
#define S 1000000000ull

static struct arbiter arbiter;
static struct seat seats[SEATS];
static struct action actions[ARBITER_ACTIONS(SEATS)];
static unsigned count;
static uint64_t now_ns;

static const struct arbiter_policy policy = { .workers = 3, .graceful_ns = 30 * S };

static void handle(struct arbiter_event e)
{
	e.now_ns = now_ns;
	count = arbiter_handle(&arbiter, &e, actions);
	ck_assert_uint_le(count, ARBITER_ACTIONS(SEATS));
}

static void at_seat(enum arbiter_event_kind kind, unsigned seat)
{
	handle((struct arbiter_event){ .kind = kind, .seat = seat });
}

static void get_edition(unsigned edition, unsigned workers, bool all_at_once)
{
	struct arbiter_event e = { .kind = EVENT_EDITION, .edition = edition, .policy = policy };

	e.policy.workers = workers;
	e.policy.all_at_once = all_at_once;
	handle(e);
}

static void begin(void)
{
	now_ns = S;
	arbiter_init(&arbiter, seats, SEATS, 1, &policy);
	at_seat(EVENT_BEGIN, 0);
	for (unsigned i = 0; i < policy.workers; i++)
		at_seat(EVENT_READY, i);
	ck_assert_int_eq(arbiter.state, ARBITER_SERVING);
}

/* A crew that does as it is told, and what nobody told it. */
static void happen(unsigned *edition)
{
	unsigned seat = (unsigned)rand() % SEATS;

	now_ns += (uint64_t)(rand() % 1000) * 1000000;
	switch (rand() % 12) {
	case 0:
		get_edition(++*edition, 1 + (unsigned)rand() % 6, rand() % 2);
		break;
	case 1:
		handle((struct arbiter_event){ .kind = EVENT_WORKERS,
					       .workers = (unsigned)rand() % 8 });
		break;
	case 2:
		at_seat(EVENT_WISH, seat);
		break;
	case 3:
		at_seat(EVENT_SILENT, seat);
		break;
	case 4:
		at_seat(EVENT_LEAVING, seat);
		break;
	case 5:
		if (seats[seat].state == SEAT_READY)
			at_seat(EVENT_UNFORKED, seat);
		break;
	case 6:
		at_seat(EVENT_TICK, 0);
		break;
	default:
		if (seats[seat].state == SEAT_RETIRING || seats[seat].state == SEAT_DOOMED)
			at_seat(EVENT_EXITED, seat);
		else
			at_seat(EVENT_READY, seat);
	}
}

/* No action names a seat in the wrong state; ready ones are never given up for nothing. */
static void check_actions(unsigned ready_before)
{
	unsigned ready_now = 0, retired = 0;

	for (unsigned i = 0; i < SEATS; i++)
		ready_now += seats[i].state == SEAT_READY;
	for (unsigned i = 0; i < count; i++) {
		enum seat_state state = seats[actions[i].seat].state;

		retired += actions[i].kind == ACTION_RETIRE;
		if (actions[i].kind == ACTION_SPAWN)
			ck_assert_int_eq(state, SEAT_STARTING);
		if (actions[i].kind == ACTION_RETIRE)
			ck_assert_int_eq(state, SEAT_RETIRING);
		ck_assert_int_ne(actions[i].kind, ACTION_QUIT);
	}
	if (retired && ready_before > arbiter.policy.workers)
		ck_assert_uint_ge(ready_now, arbiter.policy.workers);
}

START_TEST(whatever_happens_it_comes_to_rest_with_the_workers_wanted)
{
	srand((unsigned)_i + 1);
	unsigned edition = 1;

	begin();
	for (unsigned step = 0; step < 300; step++) {
		unsigned ready_before = 0;

		for (unsigned i = 0; i < SEATS; i++)
			ready_before += seats[i].state == SEAT_READY;
		count = 0;
		happen(&edition);
		check_actions(ready_before);
	}
	for (unsigned rounds = 0; rounds < 100; rounds++) {
		now_ns += S;
		at_seat(EVENT_TICK, 0);
		for (unsigned i = 0; i < SEATS; i++)
			if (seats[i].state == SEAT_STARTING)
				at_seat(EVENT_READY, i);
			else if (seats[i].state == SEAT_RETIRING || seats[i].state == SEAT_DOOMED)
				at_seat(EVENT_EXITED, i);
	}
	unsigned fresh = 0, others = 0;
	for (unsigned i = 0; i < SEATS; i++) {
		bool is_fresh = seats[i].state == SEAT_READY && !seats[i].wants_relief &&
				seats[i].edition == arbiter.edition;
		fresh += is_fresh;
		others += seats[i].state != SEAT_EMPTY && !is_fresh;
	}
	ck_assert_uint_eq(fresh, arbiter.policy.workers);
	ck_assert_uint_eq(others, 0);
	ck_assert_uint_eq(arbiter_next_tick(&arbiter), UINT64_MAX);
}
END_TEST

/* Any way to die, at any time: told why, crashed, killed, or that could not be forked. */
static void die(unsigned seat)
{
	static const int status[] = { 0, 1, 3, 4, -1, -1 };
	struct arbiter_event e = { .kind = EVENT_EXITED, .seat = seat };

	e.exit_status = status[rand() % 6];
	e.is_killed = e.exit_status == -1 && rand() % 2;
	handle(e);
}

/* Workers that hang: they go when they are killed, and not before.  True: the server ends. */
static bool kill_as_told(void)
{
	struct action told[ARBITER_ACTIONS(SEATS)];
	unsigned n = count;
	bool is_over = false;

	memcpy(told, actions, sizeof told);
	for (unsigned i = 0; i < n; i++) {
		ck_assert_int_ne(told[i].kind, ACTION_SPAWN);
		is_over |= told[i].kind == ACTION_EXIT;
		for (unsigned seat = 0; seat < SEATS; seat++) {
			bool is_hit = told[i].kind == ACTION_KILL_ALL ||
				      (told[i].kind == ACTION_KILL && told[i].seat == seat);

			if (!is_hit || seats[seat].state == SEAT_EMPTY)
				continue;
			die(seat);
			for (unsigned k = 0; k < count; k++)
				is_over |= actions[k].kind == ACTION_EXIT;
		}
	}
	return is_over;
}

START_TEST(whatever_happens_a_stop_is_an_end)
{
	srand((unsigned)_i + 1);
	unsigned edition = 1, steps = (unsigned)rand() % 40;

	begin();
	while (steps-- && arbiter.state == ARBITER_SERVING)
		if (rand() % 4)
			happen(&edition);
		else
			die((unsigned)rand() % SEATS);
	if (arbiter.state == ARBITER_SERVING)
		at_seat(EVENT_TERM, 0);

	uint64_t told_ns = now_ns;
	bool is_over = kill_as_told();
	while (!is_over) {
		ck_assert_uint_ne(arbiter_next_tick(&arbiter), UINT64_MAX);
		if (arbiter_next_tick(&arbiter) > now_ns)
			now_ns = arbiter_next_tick(&arbiter);
		at_seat(EVENT_TICK, 0);
		is_over = kill_as_told();
		ck_assert_uint_le(now_ns - told_ns, policy.graceful_ns + ARBITER_QUIT_NS);
	}
}
END_TEST

UNIT_SUITE(arbiter_chaos)

Suite *suite_arbiter_chaos(void)
{
	Suite *s = suite_create("arbiter_chaos");
	TCase *c = tcase_create("any sequence");

	tcase_add_loop_test(c, whatever_happens_it_comes_to_rest_with_the_workers_wanted, 0, 200);
	tcase_add_loop_test(c, whatever_happens_a_stop_is_an_end, 0, 500);
	suite_add_tcase(s, c);
	return s;
}
