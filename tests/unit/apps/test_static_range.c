/* Range fields, well-formed, odd and hostile. */
#include "apps/static_range.h"

#include <stdio.h>

#include "apps/static_text.h"
#include "unit.h"

/* What is made of it: "2+4,0+1" (first + length), "whole", or "none". */
static const char *ranges(const char *value, uint64_t size)
{
	static char text[4096];
	struct static_ranges r;
	size_t n = 0;
	enum static_range_verdict v = static_ranges_read(
		&r, value ? text_of(value) : (struct ltd_slice){ NULL, 0 }, size, 8);

	if (v != STATIC_RANGE_SOME)
		return v == STATIC_RANGE_WHOLE ? "whole" : "none";
	for (size_t i = 0; i < r.count; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%lu+%lu", i ? "," : "",
				      r.at[i].first, r.at[i].len);
	return text;
}

static void check(const char *value, uint64_t size, const char *expected)
{
	const char *got = ranges(value, size);

	ck_assert_msg(strcmp(got, expected) == 0, "%s of %lu bytes: %s, not %s", value, size, got,
		      expected);
}

START_TEST(one_range)
{
	check("bytes=0-0", 10, "0+1");
	check("bytes=2-5", 10, "2+4");
	check("bytes=2-", 10, "2+8");
	check("bytes=9-", 10, "9+1");
	check("bytes=0-99", 10, "0+10");
	check("bytes=-3", 10, "7+3");
	check("bytes=-10", 10, "0+10");
	check("bytes=-11", 10, "0+10");
	check("BYTES=2-5", 10, "2+4");
	check("bytes= 2-5 ", 10, "2+4");
	check("bytes=0-18446744073709551615", 10, "0+10");
	check("bytes=3-99999999999999999999999999", 10, "3+7");
	check("bytes=-99999999999999999999999999", 10, "0+10");
	check("bytes=18446744073709551613-", UINT64_MAX, "18446744073709551613+2");
}
END_TEST

START_TEST(several_ranges)
{
	check("bytes=0-1,4-5", 10, "0+2,4+2");
	check("bytes=8-,0-1", 10, "8+2,0+2");
	check("bytes=0-1 ,\t-2", 10, "0+2,8+2");
	check("bytes=,,0-1,,4-5,", 10, "0+2,4+2");
	check("bytes=0-1,99-", 10, "0+2");
	check("bytes=0-0,2-2,4-4,6-6,8-8", 10, "0+1,2+1,4+1,6+1,8+1");
}
END_TEST

START_TEST(ranges_that_touch_become_one)
{
	check("bytes=0-1,2-3", 10, "0+4");
	check("bytes=2-3,0-1", 10, "0+4");
	check("bytes=0-5,3-8", 10, "0+9");
	check("bytes=0-,0-,0-,0-", 10, "0+10");
	check("bytes=-1,-2,-3", 10, "7+3");
	check("bytes=8-9,0-1,2-3", 10, "8+2,0+4");
	check("bytes=0-1,4-5,8-9,1-4", 10, "0+6,8+2");
	check("bytes=0-1,4-5,8-9,1-8", 10, "0+10");
	check("bytes=8-9,4-5,0-1,1-4", 10, "8+2,0+6");
}
END_TEST

START_TEST(outside_the_file)
{
	check("bytes=10-", 10, "none");
	check("bytes=10-20,30-", 10, "none");
	check("bytes=-0", 10, "none");
	check("bytes=99999999999999999999999999-", 10, "none");
	check("bytes=0-", 0, "none");
	check("bytes=0-0", 0, "none");
	check("bytes=-5", 0, "whole");
}
END_TEST

START_TEST(what_is_not_understood_is_ignored)
{
	check(NULL, 10, "whole");
	check("", 10, "whole");
	check("bytes", 10, "whole");
	check("bytes=", 10, "whole");
	check("bytes=,", 10, "whole");
	check("bytes=-", 10, "whole");
	check("bytes=5-2", 10, "whole");
	check("bytes=0-1,5-2", 10, "whole");
	check("bytes=0-1,x", 10, "whole");
	check("bytes=1", 10, "whole");
	check("bytes=+1-2", 10, "whole");
	check("bytes=0x1-2", 10, "whole");
	check("bytes=1 -2", 10, "whole");
	check("bytes=1--2", 10, "whole");
	check("bytes=1-2-3", 10, "whole");
	check("bytes=--1", 10, "whole");
	check("bytes =0-1", 10, "whole");
	check("lines=0-1", 10, "whole");
	check("bytes:0-1", 10, "whole");
}
END_TEST

START_TEST(too_many_are_ignored)
{
	check("bytes=0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0", 10, "0+1");
	check("bytes=0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0", 10, "whole");
	check("bytes=99-,99-,99-,99-,99-,99-,99-,99-,99-", 10, "whole");

	struct static_ranges r;
	ck_assert_int_eq(static_ranges_read(&r, LTD_SLICE("bytes=0-0"), 10, 0), STATIC_RANGE_WHOLE);
}
END_TEST

UNIT_SUITE_OF(static_range, one_range, several_ranges, ranges_that_touch_become_one,
	      outside_the_file, what_is_not_understood_is_ignored, too_many_are_ignored)
