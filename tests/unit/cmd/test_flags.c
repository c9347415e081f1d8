/* What is said of flags that there are not. */
#include "cmd/flags.h"

#include <errno.h>
#include <string.h>

#include "unit.h"

static bool set_nothing(void *options, const char *value)
{
	(void)options, (void)value;
	return true;
}

static const struct flag flags[] = {
	{ "help", false, set_nothing },
	{ "window", true, set_nothing },
};

static void check(const char *const *arguments, const char *expected)
{
	char *argv[8] = { "top" };
	int argc = 1;
	struct buf why;

	for (; arguments[argc - 1]; argc++)
		argv[argc] = (char *)arguments[argc - 1];
	buf_init(&why, 1024);
	ck_assert_int_eq(flags_parse(flags, 2, NULL, argc, argv, &why), expected ? -EINVAL : 0);
	buf_append(&why, "", 1);
	if (expected)
		ck_assert_ptr_nonnull(strstr(why.at, expected));
	buf_fini(&why);
}

START_TEST(the_nearest_name_is_told)
{
	check((const char *[]){ "--windw=1", NULL },
	      "--windw=1: there is no such option; did you mean --window?");
	check((const char *[]){ "--window", NULL }, "--window: a value is wanted");
}

START_TEST(a_letter_is_told_from_the_argument_it_stands_in)
{
	check((const char *[]){ "-x", NULL }, "-x: there is no such option");
	check((const char *[]){ "-xh", NULL }, "-x: there is no such option");
	check((const char *[]){ "--help", "-hxh", NULL }, "-x: there is no such option");
	check((const char *[]){ "-h", NULL }, NULL);
}

UNIT_SUITE_OF(flags, the_nearest_name_is_told, a_letter_is_told_from_the_argument_it_stands_in)
