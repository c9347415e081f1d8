/* A client's pace, in injected time. */
#include "net/pace.h"

#include "base/clock.h"
#include "unit.h"

#define SECOND NS_PER_S

static const struct pace_limits ten_seconds = { 10 * SECOND, 0 };
static const struct pace_limits with_rate = { 10 * SECOND, 100 };
static const struct pace_limits none = { 0, 100 };

static struct pace p;

START_TEST(who_takes_nothing_stalls)
{
	pace_begin(&p, 5000, 100 * SECOND);
	ck_assert(!pace_is_due(&p, &ten_seconds, 100 * SECOND));
	ck_assert(!pace_is_due(&p, &ten_seconds, 110 * SECOND - 1));
	ck_assert(pace_is_due(&p, &ten_seconds, 110 * SECOND));
	ck_assert_int_eq(pace_judge(&p, &ten_seconds, 5000, 110 * SECOND), PACE_STALLED);
}
END_TEST

START_TEST(a_byte_is_something)
{
	pace_begin(&p, 5000, 100 * SECOND);
	ck_assert_int_eq(pace_judge(&p, &ten_seconds, 5001, 110 * SECOND), PACE_FINE);
	ck_assert_int_eq(pace_judge(&p, &ten_seconds, 5001, 119 * SECOND), PACE_FINE);
	ck_assert_int_eq(pace_judge(&p, &ten_seconds, 5001, 120 * SECOND), PACE_STALLED);
}
END_TEST

START_TEST(room_in_the_socket_is_progress)
{
	pace_begin(&p, 5000, 100 * SECOND);
	pace_progress(&p, 109 * SECOND);
	ck_assert_int_eq(pace_judge(&p, &ten_seconds, 5000, 118 * SECOND), PACE_FINE);
	ck_assert_int_eq(pace_judge(&p, &ten_seconds, 5000, 119 * SECOND), PACE_STALLED);
}
END_TEST

START_TEST(the_rate_is_an_average_over_the_timeout)
{
	pace_begin(&p, 0, 0);
	ck_assert_int_eq(pace_judge(&p, &with_rate, 1, 9 * SECOND), PACE_FINE);
	ck_assert_int_eq(pace_judge(&p, &with_rate, 1000, 10 * SECOND), PACE_FINE);
	/* A new window: what was taken before does not count. */
	ck_assert_int_eq(pace_judge(&p, &with_rate, 1999, 19 * SECOND), PACE_FINE);
	ck_assert_int_eq(pace_judge(&p, &with_rate, 1999, 20 * SECOND), PACE_SLOW);

	pace_begin(&p, 0, 0);
	ck_assert_int_eq(pace_judge(&p, &with_rate, 999, 10 * SECOND), PACE_SLOW);
	pace_begin(&p, 0, 0);
	ck_assert_int_eq(pace_judge(&p, &ten_seconds, 1, 10 * SECOND), PACE_FINE);
}
END_TEST

/* A moved connection: its kernel may hold bytes another worker counted. */
START_TEST(bytes_that_were_never_counted_do_no_harm)
{
	pace_begin(&p, (uint64_t)-4000, 0);
	ck_assert_int_eq(pace_judge(&p, &ten_seconds, (uint64_t)-4000, 9 * SECOND), PACE_FINE);
	ck_assert_int_eq(pace_judge(&p, &ten_seconds, 100, 10 * SECOND), PACE_FINE);
	ck_assert_int_eq(pace_judge(&p, &ten_seconds, 50, 19 * SECOND), PACE_FINE);
	ck_assert_int_eq(pace_judge(&p, &ten_seconds, 50, 20 * SECOND), PACE_STALLED);
}
END_TEST

START_TEST(without_a_timeout_nobody_is_late)
{
	pace_begin(&p, 0, 0);
	ck_assert(!pace_is_due(&p, &none, 1000000 * SECOND));
	ck_assert_int_eq(pace_judge(&p, &none, 0, 1000000 * SECOND), PACE_FINE);
}
END_TEST

UNIT_SUITE_OF(pace, who_takes_nothing_stalls, a_byte_is_something, room_in_the_socket_is_progress,
	      the_rate_is_an_average_over_the_timeout, bytes_that_were_never_counted_do_no_harm,
	      without_a_timeout_nobody_is_late)
