/* The three formats of HTTP dates, and what is none of them. */
#include "apps/static_date.h"

#include "apps/static_text.h"
#include "unit.h"

#define NOW 1767225600 /* 2026-01-01 */

static int64_t read_date(const char *text)
{
	int64_t seconds;

	return static_date_read(text_of(text), NOW, &seconds) ? seconds : -1;
}

START_TEST(the_three_formats)
{
	ck_assert_int_eq(read_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
	ck_assert_int_eq(read_date("Sunday, 06-Nov-94 08:49:37 GMT"), 784111777);
	ck_assert_int_eq(read_date("Sun Nov  6 08:49:37 1994"), 784111777);
	ck_assert_int_eq(read_date("Wed Nov 16 08:49:37 1994"), 784975777);
	ck_assert_int_eq(read_date("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
	ck_assert_int_eq(read_date("Thu, 29 Feb 2024 12:00:00 GMT"), 1709208000);
	ck_assert_int_eq(read_date("Sat, 31 Dec 2016 23:59:60 GMT"), 1483228800);
	ck_assert_int_eq(read_date("Fri, 31 Dec 9999 23:59:59 GMT"), 253402300799);
}
END_TEST

START_TEST(two_digits_of_a_year)
{
	ck_assert_int_eq(read_date("Thursday, 01-Jan-26 00:00:00 GMT"), NOW);
	ck_assert_int_eq(read_date("Wednesday, 01-Jan-76 00:00:00 GMT"), 3345062400); /* 2076 */
	ck_assert_int_eq(read_date("Saturday, 01-Jan-77 00:00:00 GMT"), 220924800);   /* 1977 */
}
END_TEST

START_TEST(what_is_no_date)
{
	static const char *const texts[] = {
		"",
		"0",
		"784111777",
		"Sun, 06 Nov 1994 08:49:37",
		"Sun, 06 Nov 1994 08:49:37 UTC",
		"Sun, 06 Nov 1994 08:49:37 GMT ",
		" Sun, 06 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 08:49:37 GMTx",
		"sun, 06 nov 1994 08:49:37 gmt",
		"Son, 06 Nov 1994 08:49:37 GMT",
		"Sun, 6 Nov 1994 08:49:37 GMT",
		"Sun, 06 Now 1994 08:49:37 GMT",
		"Sun, 00 Nov 1994 08:49:37 GMT",
		"Sun, 31 Nov 1994 08:49:37 GMT",
		"Wed, 29 Feb 2023 12:00:00 GMT",
		"Sun, 06 Nov 1994 24:00:00 GMT",
		"Sun, 06 Nov 1994 08:60:37 GMT",
		"Sun, 06 Nov 1994 08:49:61 GMT",
		"Sun, 06 Nov -994 08:49:37 GMT",
		"Sun, 06-Nov-94 08:49:37 GMT",
		"Sunday, 06 Nov 1994 08:49:37 GMT",
		"Sun Nov 06 08:49:37 19941",
		"Sun Nov   6 08:49:37 1994",
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		ck_assert_msg(read_date(texts[i]) == -1, "'%s' is taken for a date", texts[i]);
}
END_TEST

START_TEST(what_is_written_is_read)
{
	char out[STATIC_DATE_BYTES + 1];

	ck_assert(static_date_write(out, 784111777));
	ck_assert_str_eq(out, "Sun, 06 Nov 1994 08:49:37 GMT");
	for (int64_t at = 0; at < 253402300799; at += 98765432) {
		ck_assert(static_date_write(out, at));
		ck_assert_int_eq(read_date(out), at);
	}
	ck_assert(!static_date_write(out, 253402300800));
	ck_assert(!static_date_write(out, INT64_MAX));
	ck_assert(!static_date_write(out, INT64_MIN));
}
END_TEST

UNIT_SUITE_OF(static_date, the_three_formats, two_digits_of_a_year, what_is_no_date,
	      what_is_written_is_read)
