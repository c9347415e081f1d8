/* Stamps stay in order, and phases add up. */
#include "http/stamps.h"

#include "unit.h"

static struct stamps all_set(void)
{
	struct stamps s = { 0 };

	stamps_mark(&s, STAMP_READ, 1000);
	stamps_mark(&s, STAMP_ARRIVED, 900);
	stamps_mark(&s, STAMP_ACCEPTED, 500);
	stamps_mark(&s, STAMP_PARSED, 1100);
	stamps_mark(&s, STAMP_READY, 1300);
	stamps_mark(&s, STAMP_STARTED, 1700);
	stamps_mark(&s, STAMP_FINISHED, 2500);
	stamps_mark(&s, STAMP_SENT, 2600);
	s.cpu_ns = 300;
	return s;
}

START_TEST(phases_are_the_intervals)
{
	struct stamps s = all_set();

	ck_assert_uint_eq(stamps_phase_ns(&s, PHASE_WAIT), 100 + 400);
	ck_assert_uint_eq(stamps_phase_ns(&s, PHASE_READ), 300);
	ck_assert_uint_eq(stamps_phase_ns(&s, PHASE_SERVICE), 800);
	ck_assert_uint_eq(stamps_phase_ns(&s, PHASE_WRITE), 100);
	ck_assert_uint_eq(stamps_phase_ns(&s, PHASE_TOTAL), 1700);
	ck_assert_uint_eq(stamps_phase_ns(&s, PHASE_CPU), 300);
}
END_TEST

/* What a proxy says is no part of the total: the clock is another's. */
START_TEST(not_every_request_has_all_phases)
{
	struct stamps s = all_set();

	for (unsigned p = 0; p < PHASE_COUNT; p++)
		ck_assert_int_eq(stamps_has_phase(&s, p), p != PHASE_CPU && p != PHASE_PROXY);
	s.has_cpu = s.has_proxy = true;
	s.proxy_ns = 700;
	for (unsigned p = 0; p < PHASE_COUNT; p++)
		ck_assert(stamps_has_phase(&s, p));
	ck_assert_uint_eq(stamps_phase_ns(&s, PHASE_PROXY), 700);
	ck_assert_uint_eq(stamps_phase_ns(&s, PHASE_TOTAL), 1700);
}
END_TEST

START_TEST(the_parts_make_the_total)
{
	struct stamps s = all_set();
	uint64_t sum = stamps_phase_ns(&s, PHASE_WAIT) + stamps_phase_ns(&s, PHASE_READ) +
		       stamps_phase_ns(&s, PHASE_SERVICE) + stamps_phase_ns(&s, PHASE_WRITE);

	ck_assert_uint_eq(sum, stamps_phase_ns(&s, PHASE_TOTAL));
}
END_TEST

START_TEST(a_stamp_is_never_before_the_one_it_follows)
{
	struct stamps s = { 0 };

	stamps_mark(&s, STAMP_READ, 1000);
	stamps_mark(&s, STAMP_ARRIVED, 1001);
	ck_assert_uint_eq(s.at[STAMP_ARRIVED], 1000);
	stamps_mark(&s, STAMP_PARSED, 990);
	ck_assert_uint_eq(s.at[STAMP_PARSED], 1000);
	stamps_mark(&s, STAMP_READY, 999);
	ck_assert_uint_eq(s.at[STAMP_READY], 1000);
	ck_assert_uint_eq(stamps_phase_ns(&s, PHASE_READ), 0);
}
END_TEST

START_TEST(names_are_those_of_the_tables)
{
	ck_assert_str_eq(stamp_names[STAMP_ARRIVED], "arrived");
	ck_assert_str_eq(stamp_names[STAMP_SENT], "sent");
	ck_assert_str_eq(phase_names[PHASE_SERVICE], "service");
	for (unsigned i = 0; i < PHASE_COUNT; i++)
		ck_assert(phase_names[i][0] && phase_texts[i][0]);
}
END_TEST

UNIT_SUITE_OF(stamps, phases_are_the_intervals, not_every_request_has_all_phases,
	      the_parts_make_the_total, a_stamp_is_never_before_the_one_it_follows,
	      names_are_those_of_the_tables)
