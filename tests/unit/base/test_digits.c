/* Numbers for people. */
#include "base/digits.h"

#include "unit.h"

static const struct {
	double n;
	unsigned digits;
	const char *says;
} cases[] = {
	{ 0, 3, "0" },
	{ 395, 3, "395" },
	{ 2266.4, 3, "2266" },
	{ 1000, 3, "1000" },
	{ 169412.7, 4, "169413" },
	{ 57721376, 3, "57721376" },
	{ 39.96, 3, "40" },
	{ 9.996, 3, "10" },
	{ 99.96, 3, "100" },
	{ 999.6, 3, "1000" },
	{ 0.203, 3, "0.203" },
	{ 0.1, 3, "0.1" },
	{ 0.0000207, 3, "0.0000207" },
	{ 1e-12, 3, "0" },
	{ -1e-12, 3, "0" },
	{ -0.466, 2, "-0.47" },
	{ 100, 1, "100" },
};

START_TEST(as_people_write_them)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[DIGITS_BYTES];

		ck_assert_str_eq(digits_print(cases[i].n, cases[i].digits, text), cases[i].says);
	}
}
END_TEST

START_TEST(rounded_as_another_is_shown)
{
	ck_assert_double_eq(digits_round(104.62, 252.7, 3), 105);
	ck_assert_double_eq(digits_round(104.62, 252.7, 4), 104.6);
	ck_assert_double_eq(digits_round(-3.96, 80.2, 3), -4);
	ck_assert_double_eq(digits_round(0.4, 2266.4, 3), 0);
	ck_assert_double_eq(digits_round(5.25, 0, 1), 5);
}
END_TEST

UNIT_SUITE_OF(digits, as_people_write_them, rounded_as_another_is_shown)
