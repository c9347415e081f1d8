/* Slices: comparing, trimming, cutting, numbers. */
#include "base/slice.h"

#include "unit.h"

#define S(text) LTD_SLICE(text)

START_TEST(equal_is_by_bytes_and_length)
{
	ck_assert(slice_eq(S("abc"), S("abc")));
	ck_assert(!slice_eq(S("abc"), S("abd")));
	ck_assert(!slice_eq(S("abc"), S("ab")));
	ck_assert(!slice_eq(S("abc"), S("ABC")));
	ck_assert(slice_eq(S("a\0b"), S("a\0b")));
	ck_assert(!slice_eq(S("a\0b"), S("a\0c")));
	ck_assert(slice_eq(S(""), S("")));
}
END_TEST

START_TEST(case_is_folded_for_ascii_letters_alone)
{
	ck_assert(slice_eq_nocase(S("Content-LENGTH"), S("content-length")));
	ck_assert(!slice_eq_nocase(S("abc"), S("abcd")));
	ck_assert(!slice_eq_nocase(S("@["), S("`{")));
	ck_assert(!slice_eq_nocase(S("\xc4"), S("\xe4")));
	ck_assert(!slice_eq_nocase(S("-"), S("\r")));
}
END_TEST

START_TEST(prefixes_are_seen)
{
	ck_assert(slice_starts_with(S("abc"), S("ab")));
	ck_assert(slice_starts_with(S("abc"), S("")));
	ck_assert(slice_starts_with(S("abc"), S("abc")));
	ck_assert(!slice_starts_with(S("abc"), S("abcd")));
	ck_assert(!slice_starts_with(S("abc"), S("b")));
}
END_TEST

START_TEST(blanks_are_trimmed_at_both_ends)
{
	ck_assert(slice_eq(slice_trim(S(" \t a b\t ")), S("a b")));
	ck_assert(slice_eq(slice_trim(S("a")), S("a")));
	ck_assert_uint_eq(slice_trim(S(" \t ")).len, 0);
	ck_assert_uint_eq(slice_trim(S("")).len, 0);
	ck_assert(slice_eq(slice_trim(S("\r\na\n")), S("\r\na\n")));
}
END_TEST

START_TEST(pieces_are_cut_until_none_is_left)
{
	struct ltd_slice rest = S("a,,b"), piece;

	ck_assert(slice_cut(&rest, ',', &piece) && slice_eq(piece, S("a")));
	ck_assert(slice_cut(&rest, ',', &piece) && slice_eq(piece, S("")));
	ck_assert(slice_cut(&rest, ',', &piece) && slice_eq(piece, S("b")));
	ck_assert(!slice_cut(&rest, ',', &piece));

	rest = S("");
	ck_assert(slice_cut(&rest, ',', &piece) && piece.len == 0);
	ck_assert(!slice_cut(&rest, ',', &piece));

	rest = S("a,");
	ck_assert(slice_cut(&rest, ',', &piece) && slice_eq(piece, S("a")));
	ck_assert(slice_cut(&rest, ',', &piece) && piece.len == 0);
	ck_assert(!slice_cut(&rest, ',', &piece));
}
END_TEST

START_TEST(whole_numbers_are_digits_alone)
{
	static const char *const bad[] = { "",
					   " 1",
					   "1 ",
					   "+1",
					   "-1",
					   "0x1",
					   "1.0",
					   "1e3",
					   "a",
					   "1,2",
					   "18446744073709551616",
					   "99999999999999999999" };
	uint64_t n;

	ck_assert(slice_to_u64(S("0"), &n) && n == 0);
	ck_assert(slice_to_u64(S("0042"), &n) && n == 42);
	ck_assert(slice_to_u64(S("18446744073709551615"), &n) && n == UINT64_MAX);
	ck_assert(slice_to_u64(S("000000000000000000000000000001"), &n) && n == 1);
	n = 7;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(!slice_to_u64(slice_of_string(bad[i]), &n), "%s", bad[i]);
	ck_assert_msg(!slice_to_u64(S("1\0"), &n), "a NUL");
	ck_assert_uint_eq(n, 7);
}
END_TEST

START_TEST(decimal_numbers_are_finite_and_plain)
{
	static const struct {
		const char *text;
		double value;
	} good[] = {
		{ "12", 12 }, { "0.5", 0.5 }, { "1e3", 1000 }, { "-2.5", -2.5 }, { "1E-2", 0.01 }
	};
	static const char *const bad[] = { "",      " 1",    "1 ",     "+1",  "nan", "inf",
					   "0x10",  "1e999", "-1e999", "1,5", "e3",  "1e",
					   "1.2.3", "--1",   "1-1",    "five" };
	double d;

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		ck_assert_msg(slice_to_double(slice_of_string(good[i].text), &d) &&
				      d == good[i].value,
			      "%s", good[i].text);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(!slice_to_double(slice_of_string(bad[i]), &d), "%s", bad[i]);
	ck_assert(!slice_to_double(S("1\0"), &d));
	ck_assert(!slice_to_double(
		S("1111111111111111111111111111111111111111111111111111111111111111"), &d));
}
END_TEST

UNIT_SUITE_OF(slice, equal_is_by_bytes_and_length, case_is_folded_for_ascii_letters_alone,
	      prefixes_are_seen, blanks_are_trimmed_at_both_ends, pieces_are_cut_until_none_is_left,
	      whole_numbers_are_digits_alone, decimal_numbers_are_finite_and_plain)
