/* The arbiter when the configuration changes: which workers leave, and when. */
#include "proc/arbiter.h"

#include "arbiter_script.h"
#include "unit.h"

START_TEST(an_edition_replaces_one_worker_after_the_other)
{
	serve();
	ck_assert_str_eq(gets_edition(2, WORKERS, false), "spawn 3");
	ck_assert_str_eq(ready(3), "retire 0, spawn 4");
	ck_assert_str_eq(ready(4), "retire 2, spawn 5");
	ck_assert_str_eq(exits(0, 0), "");
	ck_assert_str_eq(ready(5), "retire 1");
	ck_assert_str_eq(at_seat(EVENT_LEAVING, 2), "");
	ck_assert_str_eq(at_seat(EVENT_LEAVING, 1), "RENEWED"); /* none takes connections any more */
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
	ck_assert_str_eq(ready(5), "retire 0, retire 2, retire 1");
}
END_TEST

START_TEST(an_edition_that_comes_before_all_are_ready)
{
	begin();
	ck_assert_str_eq(ready(1), "");
	ck_assert_str_eq(gets_edition(2, 1, false), "retire 0, retire 2, spawn 3");
	ck_assert_str_eq(ready(3), "READY, retire 1");
	exits(0, 0);
	exits(2, 0);
	ck_assert_str_eq(at_seat(EVENT_LEAVING, 1), "RENEWED");
}
END_TEST

START_TEST(an_edition_with_more_or_fewer_workers)
{
	serve();
	ck_assert_str_eq(gets_edition(2, 1, false), "retire 0, retire 2, spawn 3");
	ck_assert_str_eq(ready(3), "retire 1");
	for (unsigned i = 0; i < WORKERS; i++)
		ck_assert_str_eq(exits(i, 0), i < WORKERS - 1 ? "" : "RENEWED");
	ck_assert_str_eq(gets_edition(3, 4, false), "spawn 0, spawn 1, spawn 2, spawn 4");
	ready(0);
	ready(1);
	ck_assert_str_eq(ready(2), "");
	ck_assert_str_eq(ready(4), "retire 3");
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
	ck_assert_str_eq(ready(5), "retire 1");
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

UNIT_SUITE_OF(arbiter_editions, an_edition_replaces_one_worker_after_the_other, or_all_at_once,
	      an_edition_that_comes_before_all_are_ready, an_edition_with_more_or_fewer_workers,
	      an_edition_that_says_it_cannot_start_is_given_up, and_so_is_one_that_crashes,
	      one_of_which_a_worker_served_is_not_given_up, an_edition_overtaken_by_the_next,
	      without_a_free_seat_it_waits_for_one)
