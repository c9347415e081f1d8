/* How long a request may take to arrive, and a connection stay as it is. */
#include "net/deadline.h"

#include "base/clock.h"
#include "unit.h"

static const struct loop_limits limits = {
	.keep_alive_ns = 2 * NS_PER_S,
	.header_ns = 10 * NS_PER_S,
	.body_ns = 4 * NS_PER_S,
	.body_rate = 1000,
};

#define MS(n) ((n)*NS_PER_MS)

static const struct {
	const char *what;
	struct reading reading; /* in_body, quiet, since the head, bytes */
	enum limit verdict;
} cases[] = {
	{ "a head in time", { false, MS(9999), 0, 0 }, LIMIT_NONE },
	{ "a head too late", { false, MS(10000), 0, 0 }, LIMIT_HEAD_TIME },
	{ "a body that has just begun", { true, 0, 0, 0 }, LIMIT_NONE },
	{ "not one byte of it", { true, MS(4000), MS(4000), 0 }, LIMIT_BODY_TIME },
	{ "slow, but not for long", { true, MS(100), MS(3999), 1 }, LIMIT_NONE },
	{ "slow for too long", { true, MS(100), MS(4000), 3999 }, LIMIT_BODY_RATE },
	{ "just fast enough", { true, MS(100), MS(4000), 4000 }, LIMIT_NONE },
	{ "fast, then silent", { true, MS(4000), MS(5000), 1 << 20 }, LIMIT_BODY_TIME },
	{ "fast, then slow, on the whole enough", { true, MS(100), MS(60000), 60000 }, LIMIT_NONE },
	{ "an hour of a fast body", { true, MS(1), 3600 * NS_PER_S, 1ull << 40 }, LIMIT_NONE },
	{ "an hour of a slow one", { true, MS(1), 3600 * NS_PER_S, 3599999 }, LIMIT_BODY_RATE },
};

START_TEST(a_request_exceeds_a_limit_of_time)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_msg(deadline_of_request(&limits, &cases[i].reading) == cases[i].verdict,
			      "%s", cases[i].what);
}
END_TEST

START_TEST(zero_is_no_limit)
{
	struct loop_limits none = limits;
	const struct reading head = { .quiet_ns = 3600 * NS_PER_S };
	const struct reading body = { true, 3600 * NS_PER_S, 3600 * NS_PER_S, 0 };
	const struct reading drip = { true, 0, 3600 * NS_PER_S, 1 };

	none.body_rate = 0;
	ck_assert_int_eq(deadline_of_request(&none, &drip), LIMIT_NONE);
	ck_assert_int_eq(deadline_of_request(&none, &body), LIMIT_BODY_TIME);
	none = limits;
	none.header_ns = none.body_ns = 0;
	ck_assert_int_eq(deadline_of_request(&none, &head), LIMIT_NONE);
	ck_assert_int_eq(deadline_of_request(&none, &body), LIMIT_NONE);
	ck_assert_int_eq(deadline_of_request(&none, &drip), LIMIT_NONE);
}
END_TEST

START_TEST(lingering_ends)
{
	ck_assert(deadline_may_linger(0));
	ck_assert(deadline_may_linger(MS(29999)));
	ck_assert(!deadline_may_linger(MS(30000)));
}
END_TEST

START_TEST(each_state_has_its_own)
{
	ck_assert_uint_eq(deadline_of_state(&limits, CONN_FRESH), limits.header_ns);
	ck_assert_uint_eq(deadline_of_state(&limits, CONN_IDLE), limits.keep_alive_ns);
	ck_assert_uint_gt(deadline_of_state(&limits, CONN_LINGERING), 0);
	ck_assert_uint_eq(deadline_of_state(&limits, CONN_BUSY), 0);
	ck_assert_uint_eq(deadline_of_state(&limits, CONN_MOVING), 0);
}
END_TEST

UNIT_SUITE_OF(deadline, a_request_exceeds_a_limit_of_time, zero_is_no_limit, lingering_ends,
	      each_state_has_its_own)
