/* Lines split as a shell would. */
#include "conf/words.h"

#include <errno.h>
#include <string.h>

#include "unit.h"

static void assert_words(const char *line, const char *const *expected)
{
	struct words w;
	int i = 0;

	ck_assert_int_eq(words_split(&w, "first", line), 0);
	ck_assert_str_eq(w.at[0], "first");
	for (; expected[i]; i++) {
		ck_assert_int_lt(i + 1, w.count);
		ck_assert_str_eq(w.at[i + 1], expected[i]);
	}
	ck_assert_int_eq(w.count, i + 1);
	ck_assert_ptr_null(w.at[w.count]);
	words_fini(&w);
}

#define LIST(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })

START_TEST(blanks_part_words_and_quotes_keep_them)
{
	assert_words("", LIST());
	assert_words(" \t\n", LIST());
	assert_words("a", LIST("a"));
	assert_words("  -w 5\t--threads=8 \n", LIST("-w", "5", "--threads=8"));
	assert_words("--name 'a b' \"c d\"", LIST("--name", "a b", "c d"));
	assert_words("a'b 'c\" d\"e", LIST("ab c de"));
	assert_words("'' \"\"", LIST("", ""));
	assert_words("a\\ b \\'c \"d\\\"e\" 'f\\'", LIST("a b", "'c", "d\"e", "f\\"));
	assert_words("\"a\\b\"", LIST("a\\b"));
	assert_words("a b c d e f g h", LIST("a", "b", "c", "d", "e", "f", "g", "h"));
}
END_TEST

START_TEST(what_does_not_end_is_refused)
{
	static const char *const lines[] = { "'", "a \"b", "a b\\", "'a\"", "\"a\\\"" };

	for (unsigned i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct words w;

		ck_assert_msg(words_split(&w, NULL, lines[i]) == -EINVAL, "%s", lines[i]);
		words_fini(&w);
	}
}
END_TEST

UNIT_SUITE_OF(words, blanks_part_words_and_quotes_keep_them, what_does_not_end_is_refused)
