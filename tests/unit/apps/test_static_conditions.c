/* Preconditions, one by one and in the order in which they count. */
#include "apps/static_conditions.h"

#include "apps/static_text.h"
#include "unit.h"

#define NOW 1767225600 /* 2026-01-01 */
#define MODIFIED 784111777
#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define SAME "Sun, 06 Nov 1994 08:49:37 GMT"
#define AFTER "Sun, 06 Nov 1994 08:49:38 GMT"

static const struct static_validators validators = { { "\"a-1\"", 5 }, MODIFIED, true };

static const enum static_condition holds = STATIC_CONDITION_HOLDS,
				   not_modified = STATIC_CONDITION_NOT_MODIFIED,
				   failed = STATIC_CONDITION_FAILED;

static struct ltd_slice value(const char *text)
{
	return text ? text_of(text) : (struct ltd_slice){ NULL, 0 };
}

static const char *shown(const char *text)
{
	return text ? text : "-";
}

static void check(const char *match, const char *unmodified, const char *none_match,
		  const char *modified, enum static_condition expected)
{
	struct static_asked asked = {
		.if_match = value(match),
		.if_unmodified_since = value(unmodified),
		.if_none_match = value(none_match),
		.if_modified_since = value(modified),
	};

	ck_assert_msg(static_conditions_check(&asked, &validators, NOW) == expected,
		      "%s / %s / %s / %s: not %d", shown(match), shown(unmodified),
		      shown(none_match), shown(modified), expected);
}

START_TEST(no_conditions)
{
	check(NULL, NULL, NULL, NULL, holds);
}
END_TEST

START_TEST(if_none_match)
{
	check(NULL, NULL, "\"a-1\"", NULL, not_modified);
	check(NULL, NULL, "W/\"a-1\"", NULL, not_modified);
	check(NULL, NULL, "*", NULL, not_modified);
	check(NULL, NULL, " * ", NULL, not_modified);
	check(NULL, NULL, "\"x\", \"a-1\"", NULL, not_modified);
	check(NULL, NULL, ", ,\"x,\" ,W/\"y\",,\"a-1\"", NULL, not_modified);
	check(NULL, NULL, "\"\",\"a-1\"", NULL, not_modified);
	check(NULL, NULL, "\"x\"", NULL, holds);
	check(NULL, NULL, "\"A-1\"", NULL, holds);
	check(NULL, NULL, "\"x,\"a-1\"", NULL, holds);
	check(NULL, NULL, "a-1", NULL, holds);
	check(NULL, NULL, "w/\"a-1\"", NULL, holds);
	check(NULL, NULL, "\"a-1", NULL, holds);
	check(NULL, NULL, "\"x\" \"a-1\"", NULL, holds);
	check(NULL, NULL, "**", NULL, holds);
	check(NULL, NULL, "", NULL, holds);
	check(NULL, NULL, "W/", NULL, holds);
}
END_TEST

START_TEST(if_match_compares_strongly)
{
	check("\"a-1\"", NULL, NULL, NULL, holds);
	check("*", NULL, NULL, NULL, holds);
	check("\"x\",\"a-1\"", NULL, NULL, NULL, holds);
	check("W/\"a-1\", \"a-1\"", NULL, NULL, NULL, holds);
	check("W/\"a-1\"", NULL, NULL, NULL, failed);
	check("\"x\"", NULL, NULL, NULL, failed);
	check("", NULL, NULL, NULL, failed);
}
END_TEST

START_TEST(dates)
{
	check(NULL, NULL, NULL, BEFORE, holds);
	check(NULL, NULL, NULL, SAME, not_modified);
	check(NULL, NULL, NULL, AFTER, not_modified);
	check(NULL, NULL, NULL, "yesterday", holds);
	check(NULL, NULL, NULL, "", holds);
	check(NULL, BEFORE, NULL, NULL, failed);
	check(NULL, SAME, NULL, NULL, holds);
	check(NULL, AFTER, NULL, NULL, holds);
	check(NULL, "yesterday", NULL, NULL, holds);
}
END_TEST

START_TEST(tags_come_before_dates)
{
	check("\"a-1\"", BEFORE, NULL, NULL, holds);
	check("\"x\"", AFTER, NULL, NULL, failed);
	check(NULL, NULL, "\"a-1\"", BEFORE, not_modified);
	check(NULL, NULL, "\"x\"", AFTER, holds);
}
END_TEST

START_TEST(what_protects_comes_before_what_spares)
{
	check("\"x\"", NULL, "\"a-1\"", NULL, failed);
	check("\"a-1\"", NULL, "\"a-1\"", NULL, not_modified);
	check(NULL, BEFORE, NULL, AFTER, failed);
	check(NULL, AFTER, NULL, AFTER, not_modified);
}
END_TEST

START_TEST(without_a_date_of_its_own_no_date_counts)
{
	const struct static_validators undated = { { "\"a-1\"", 5 }, 0, false };
	struct static_asked since = { .if_modified_since = LTD_SLICE(AFTER) };
	struct static_asked unless = { .if_unmodified_since = LTD_SLICE(BEFORE) };
	struct static_asked range = { .if_range = LTD_SLICE(SAME) };

	ck_assert_int_eq(static_conditions_check(&since, &undated, NOW), holds);
	ck_assert_int_eq(static_conditions_check(&unless, &undated, NOW), holds);
	ck_assert(!static_conditions_range(&range, &undated, NOW));
}
END_TEST

START_TEST(if_range)
{
	static const struct {
		const char *text;
		bool is_same;
	} cases[] = {
		{ NULL, true },     { "\"a-1\"", true },
		{ SAME, true },     { "W/\"a-1\"", false },
		{ "\"x\"", false }, { BEFORE, false },
		{ AFTER, false },   { "", false },
		{ "*", false },     { "\"a-1\", \"b\"", false },
		{ "a-1", false },   { "W/", false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct static_asked asked = { .if_range = value(cases[i].text) };

		ck_assert_msg(static_conditions_range(&asked, &validators, NOW) == cases[i].is_same,
			      "%s", shown(cases[i].text));
	}
}
END_TEST

UNIT_SUITE_OF(static_conditions, no_conditions, if_none_match, if_match_compares_strongly, dates,
	      tags_come_before_dates, what_protects_comes_before_what_spares,
	      without_a_date_of_its_own_no_date_counts, if_range)
