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

UNIT_SUITE_OF(digits, as_people_write_them)
