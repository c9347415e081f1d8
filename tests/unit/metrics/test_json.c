/* The JSON writer, text for text. */
#include "metrics/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "read_json.h"
#include "unit.h"

static char *finish(struct buf *b)
{
	char *text = buf_steal(b);

	ck_assert_ptr_nonnull(text);
	return text;
}

static void expect(struct buf *b, const char *expected)
{
	char *text = finish(b);

	ck_assert_str_eq(text, expected);
	free(text);
}

START_TEST(commas_stand_between_and_nowhere_else)
{
	struct buf b;
	struct json j = { .out = &b };

	buf_init(&b, 4096);
	json_open_object(&j, NULL);
	json_open_array(&j, "empty");
	json_close_array(&j);
	json_open_array(&j, "two");
	json_count(&j, NULL, 1);
	json_open_object(&j, NULL);
	json_null(&j, "n");
	json_string(&j, "s", "x");
	json_close_object(&j);
	json_close_array(&j);
	json_count(&j, "last", 18446744073709551615ull);
	json_close_object(&j);
	expect(&b,
	       "{\"empty\":[],\"two\":[1,{\"n\":null,\"s\":\"x\"}],\"last\":18446744073709551615}");
}
END_TEST

static const struct {
	const char *text, *written;
} strings[] = {
	{ "plain", "\"plain\"" },
	{ "", "\"\"" },
	{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
	{ "\n\t\x01\x7f", "\"\\u000a\\u0009\\u0001\\u007f\"" },
	{ "h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
	  "\"h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"" },
	{ "\xff", "\"\\ufffd\"" }, /* no lead byte */
	{ "\xc3", "\"\\ufffd\"" }, /* cut short */
	{ "\xe2\x82", "\"\\ufffd\\ufffd\"" },
	{ "\xc0\xaf", "\"\\ufffd\\ufffd\"" },                       /* overlong */
	{ "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"" },            /* a surrogate */
	{ "\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" }, /* beyond U+10FFFF */
};

START_TEST(strings_are_escaped)
{
	struct buf b;
	struct json j = { .out = &b };

	buf_init(&b, 4096);
	json_string(&j, NULL, strings[_i].text);
	expect(&b, strings[_i].written);
}
END_TEST

static const struct {
	double number;
	const char *written;
} numbers[] = {
	{ 0, "0" },
	{ -0.0, "0" },
	{ 0.1, "0.1" },
	{ -2.5, "-2.5" },
	{ 400, "400" },
	{ 1.0 / 3, "0.3333333333333333" },
	{ 0.1 + 0.2, "0.30000000000000004" },
	{ 1e300, "1e+300" },
	{ 1234567890.123456, "1234567890.123456" },
};

START_TEST(numbers_read_back_as_themselves)
{
	struct buf b;
	struct json j = { .out = &b };

	buf_init(&b, 4096);
	json_number(&j, NULL, numbers[_i].number);
	expect(&b, numbers[_i].written);
	ck_assert(strtod(numbers[_i].written, NULL) == numbers[_i].number);
}
END_TEST

START_TEST(what_is_no_number_is_zero)
{
	struct buf b;
	struct json j = { .out = &b };

	buf_init(&b, 4096);
	json_open_array(&j, NULL);
	json_number(&j, NULL, NAN);
	json_number(&j, NULL, INFINITY);
	json_number(&j, NULL, -INFINITY);
	json_seconds(&j, NULL, 1.5e9);
	json_close_array(&j);
	expect(&b, "[0,0,0,1.5]");
}
END_TEST

START_TEST(running_short_is_said)
{
	struct buf b;
	struct json j = { .out = &b };

	buf_init(&b, 16);
	json_string(&j, NULL, "longer than sixteen bytes");
	ck_assert(b.is_short);
	buf_fini(&b);
}
END_TEST

/* The reader the other tests rely on refuses what is no JSON. */
START_TEST(the_checker_is_strict)
{
	static const char *const bad[] = { "{\"a\":1,}", "[1 2]",  "{a:1}", "nan",     "inf",
					   "[01]",       "\"\n\"", "[,]",   "{\"a\"}", "-" };
	static const char *const good[] = { "{}", "[]", "[1,-2.5e+3]", "{\"a\":{\"b\":[null]}}" };

	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(!json_end(bad[i]), "%s", bad[i]);
	for (unsigned i = 0; i < sizeof good / sizeof *good; i++)
		ck_assert_ptr_eq(json_end(good[i]), good[i] + strlen(good[i]));
	ck_assert_double_eq(json_number_at("{\"x\":[0,{\"y\":7}]}", "x/1/y"), 7);
	ck_assert_ptr_null(json_find("{\"x\":1}", "y"));
}
END_TEST

UNIT_SUITE(json)
Suite *suite_json(void)
{
	const TTest *const tests[] = { commas_stand_between_and_nowhere_else,
				       what_is_no_number_is_zero, running_short_is_said,
				       the_checker_is_strict };
	Suite *s = unit_suite("json", tests, sizeof tests / sizeof *tests);
	TCase *c = tcase_create("values");

	tcase_add_loop_test(c, strings_are_escaped, 0, sizeof strings / sizeof *strings);
	tcase_add_loop_test(c, numbers_read_back_as_themselves, 0, sizeof numbers / sizeof *numbers);
	suite_add_tcase(s, c);
	return s;
}
