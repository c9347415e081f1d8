/* Controlled delay (RFC 8289): what it sheds, and what it lets pass. */
#include "proc/codel.h"

#include "base/clock.h"
#include "unit.h"

#define TARGET (5 * NS_PER_MS)
#define INTERVAL (100 * NS_PER_MS)

static struct codel fresh(void)
{
	return (struct codel){ .target_ns = TARGET, .interval_ns = INTERVAL };
}

/* Requests leave every millisecond from `from` to `to`, each after the same wait. */
static unsigned run(struct codel *c, uint64_t waited_ns, unsigned from_ms, unsigned to_ms)
{
	unsigned shed = 0;

	for (unsigned ms = from_ms; ms < to_ms; ms++)
		shed += codel_sheds(c, waited_ns, (1000 + ms) * NS_PER_MS);
	return shed;
}

START_TEST(off_sheds_nothing)
{
	struct codel c = { .interval_ns = INTERVAL };

	ck_assert_uint_eq(run(&c, 10 * NS_PER_S, 0, 5000), 0);
}
END_TEST

START_TEST(a_burst_shorter_than_the_interval_passes)
{
	struct codel c = fresh();

	ck_assert_uint_eq(run(&c, 50 * NS_PER_MS, 0, 100), 0);
	ck_assert(!codel_sheds(&c, TARGET - 1, 1100 * NS_PER_MS)); /* it ran short once */
	ck_assert_uint_eq(run(&c, 50 * NS_PER_MS, 101, 201), 0);
}
END_TEST

START_TEST(a_standing_queue_is_shed_ever_more_densely)
{
	struct codel c = fresh();

	ck_assert_uint_eq(run(&c, 50 * NS_PER_MS, 0, 100), 0);
	ck_assert_uint_eq(run(&c, 50 * NS_PER_MS, 100, 101), 1);
	/* Then after 100, 71, 58, 50, 45 ... ms: the sum of 100/sqrt(n) up to 899 ms has 26 terms. */
	ck_assert_uint_eq(run(&c, 50 * NS_PER_MS, 101, 200), 0);
	ck_assert_uint_eq(run(&c, 50 * NS_PER_MS, 200, 201), 1);
	ck_assert_uint_eq(run(&c, 50 * NS_PER_MS, 201, 271), 0);
	ck_assert_uint_eq(run(&c, 50 * NS_PER_MS, 271, 272), 1);
	unsigned more = run(&c, 50 * NS_PER_MS, 272, 1000);
	ck_assert_uint_ge(more, 20);
	ck_assert_uint_le(more, 24);
}
END_TEST

START_TEST(it_stops_with_the_first_short_wait)
{
	struct codel c = fresh();

	run(&c, 50 * NS_PER_MS, 0, 500);
	ck_assert(!codel_sheds(&c, TARGET - 1, 1500 * NS_PER_MS));
	ck_assert_uint_eq(run(&c, 50 * NS_PER_MS, 501, 601), 0);
}
END_TEST

START_TEST(soon_again_it_goes_on_about_where_it_was)
{
	struct codel first = fresh(), again = fresh();

	unsigned at_first = run(&first, 50 * NS_PER_MS, 0, 400);
	run(&again, 50 * NS_PER_MS, 0, 1000);
	codel_sheds(&again, 0, 2000 * NS_PER_MS);
	ck_assert_uint_gt(run(&again, 50 * NS_PER_MS, 1001, 1401), at_first);
}
END_TEST

UNIT_SUITE_OF(codel, off_sheds_nothing, a_burst_shorter_than_the_interval_passes,
	      a_standing_queue_is_shed_ever_more_densely, it_stops_with_the_first_short_wait,
	      soon_again_it_goes_on_about_where_it_was)
