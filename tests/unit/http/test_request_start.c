/* Instants as proxies write them. */
#include "http/request_start.h"

#include "base/clock.h"
#include "unit.h"

#define S 1751970000ull

START_TEST(the_unit_goes_by_the_size)
{
	static const struct {
		const char *value;
		uint64_t ns;
	} table[] = {
		{ "1751970000", S * NS_PER_S },
		{ "t=1751970000", S * NS_PER_S },
		{ "t=1751970000.123", S * NS_PER_S + 123000000 },
		{ "t=1751970000.000000001", S * NS_PER_S + 1 },
		{ "t=1751970000.9999999999999999999999", S * NS_PER_S + 999999999 },
		{ "1751970000123", S * NS_PER_S + 123000000 },
		{ "1751970000123.5", S * NS_PER_S + 123500000 },
		{ "t=1751970000123456", S * NS_PER_S + 123456000 },
		{ "t=1751970000123456.7", S * NS_PER_S + 123456700 },
		{ "1751970000123456789", S * NS_PER_S + 123456789 },
		{ "1751970000123456789.5", S * NS_PER_S + 123456789 },
		{ "t=1000000000000", 1000000000 * NS_PER_S },
		{ "0", 0 },
		{ "t=1, t=1751970000", S * NS_PER_S },
		{ "t=1751970000,1751970001 ", (S + 1) * NS_PER_S },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		uint64_t ns = 0;

		ck_assert_msg(request_start_parse(slice_of_string(table[i].value), &ns), "%s",
			      table[i].value);
		ck_assert_msg(ns == table[i].ns, "%s: %lu", table[i].value, ns);
	}
}
END_TEST

START_TEST(what_is_no_instant_is_refused)
{
	static const char *const values[] = {
		"",
		"t=",
		"now",
		"-1",
		"+1751970000",
		"t=t=1",
		"T=1751970000",
		"1751970000s",
		"1751970000.",
		".5",
		"1.2.3",
		"0x68",
		"1751970000 1",
		"t = 1751970000",
		"17519700001234567890123",
		"1e9",
		"1751970000.-1",
		"1751970000,",
		/* further off than 64 bits of nanoseconds reach */
		"999999999999",
		"999999999999999",
		"999999999999999999",
	};

	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		uint64_t ns;

		ck_assert_msg(!request_start_parse(slice_of_string(values[i]), &ns), "%s",
			      values[i]);
	}
}
END_TEST

START_TEST(a_wait_is_neither_negative_nor_absurd)
{
	static const struct {
		uint64_t arrived_ns;
		bool is_sound;
	} table[] = {
		{ S * NS_PER_S, true },
		{ S * NS_PER_S - 1, false },
		{ S * NS_PER_S + 1, true },
		{ (S + REQUEST_START_MAX_S) * NS_PER_S, true },
		{ (S + REQUEST_START_MAX_S) * NS_PER_S + 1, false },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		uint64_t ns = 0;

		ck_assert_int_eq(
			request_start_wait(LTD_SLICE("t=1751970000"), table[i].arrived_ns, &ns),
			table[i].is_sound);
		if (table[i].is_sound)
			ck_assert_uint_eq(ns, table[i].arrived_ns - S * NS_PER_S);
	}
}
END_TEST

UNIT_SUITE_OF(request_start, the_unit_goes_by_the_size, what_is_no_instant_is_refused,
	      a_wait_is_neither_negative_nor_absurd)
