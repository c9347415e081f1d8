/* Who may answer: a handler, or the leader that writes it off. */
#include "http/hold.h"

#include <pthread.h>

#include "unit.h"

START_TEST(a_handler_that_ends_in_time_answers)
{
	hold_word h = HOLD_NONE;

	ck_assert(!hold_is_running(&h));
	hold_begin(&h);
	ck_assert(hold_is_running(&h));
	ck_assert(hold_end(&h));
	ck_assert(!hold_is_running(&h));
	ck_assert_int_eq(hold_write_off(&h), HOLD_OVER);
	ck_assert(!hold_is_written_off(&h));
}
END_TEST

START_TEST(a_handler_written_off_answers_nothing)
{
	hold_word h = HOLD_NONE;

	hold_begin(&h);
	ck_assert_int_eq(hold_write_off(&h), HOLD_HANDLER);
	ck_assert(hold_is_written_off(&h));
	ck_assert(!hold_send_head(&h));
	ck_assert(!hold_end(&h));
	ck_assert_int_eq(hold_write_off(&h), HOLD_WRITTEN_OFF);
}
END_TEST

START_TEST(a_stream_is_cut_and_not_answered)
{
	hold_word h = HOLD_NONE;

	hold_begin(&h);
	ck_assert(hold_send_head(&h));
	ck_assert(hold_send_head(&h)); /* once is enough, twice no harm */
	ck_assert_int_eq(hold_write_off(&h), HOLD_STREAMING);
	ck_assert(!hold_send_head(&h));
	ck_assert(!hold_end(&h));
}
END_TEST

START_TEST(what_comes_before_a_stream_is_sent_undisturbed)
{
	hold_word h = HOLD_NONE;

	hold_begin(&h);
	ck_assert(hold_begin_sending(&h));
	ck_assert(hold_is_running(&h));
	ck_assert_int_eq(hold_write_off(&h), HOLD_SENDING);
	hold_end_sending(&h);
	ck_assert(!hold_is_written_off(&h));
	ck_assert_int_eq(hold_write_off(&h), HOLD_HANDLER);
	ck_assert(!hold_begin_sending(&h));
}
END_TEST

START_TEST(without_a_slot_a_head_may_go)
{
	hold_word h = HOLD_NONE;

	ck_assert(hold_send_head(&h));
	ck_assert_int_eq(hold_write_off(&h), HOLD_NONE);
}
END_TEST

enum { RACES = 20000 };

struct race {
	hold_word word[RACES];
	_Atomic int begun; /* by the handler */
	int ended;
};

static void *handler(void *argument)
{
	struct race *r = argument;

	for (int i = 0; i < RACES; i++) {
		hold_begin(&r->word[i]);
		atomic_store(&r->begun, i + 1);
		r->ended += hold_end(&r->word[i]);
	}
	return NULL;
}

START_TEST(one_of_the_two_wins_every_race)
{
	static struct race r;
	pthread_t thread;
	int written_off = 0;

	pthread_create(&thread, NULL, handler, &r);
	for (int i = 0; i < RACES; i++) {
		while (atomic_load(&r.begun) <= i)
			;
		written_off += hold_write_off(&r.word[i]) == HOLD_HANDLER;
	}
	pthread_join(thread, NULL);
	ck_assert_int_eq(r.ended + written_off, RACES);
}
END_TEST

UNIT_SUITE_OF(hold, a_handler_that_ends_in_time_answers, a_handler_written_off_answers_nothing,
	      a_stream_is_cut_and_not_answered, what_comes_before_a_stream_is_sent_undisturbed,
	      without_a_slot_a_head_may_go, one_of_the_two_wins_every_race)
