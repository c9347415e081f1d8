/* Lists of media types: what they may say, and what they match. */
#include "base/media.h"

#include "unit.h"

START_TEST(lists_are_valid_or_not)
{
	static const char *const good[] = {
		"text/html",     "text/*",        "a/b,c/d",
		"a/b c/d",       " a/b ,\tc/d, ", "application/vnd.x-y+json",
		"image/svg+xml",
	};
	static const char *const bad[] = {
		"",           " , ",     "text", "text/",   "/html",         "text/html/x",
		"te xt/html", "text*/x", "*/*",  "text/h*", "text/html;q=1", "text/\"x\"",
	};

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		ck_assert_msg(media_list_is_valid(slice_of_string(good[i])), "%s", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(!media_list_is_valid(slice_of_string(bad[i])), "%s", bad[i]);
}
END_TEST

START_TEST(types_are_in_a_list_or_not)
{
	static const struct {
		const char *list, *type;
		bool is_in;
	} cases[] = {
		{ "text/html", "text/html", true },
		{ "text/html", "TEXT/Html; charset=utf-8", true },
		{ "text/html", "text/html ;charset=utf-8", true },
		{ "text/html", "text/htm", false },
		{ "text/html", "text/html5", false },
		{ "text/html", "", false },
		{ "text/*", "text/css", true },
		{ "text/*", "Text/event-stream", true },
		{ "text/*", "text", false },
		{ "text/*", "text/", false },
		{ "text/*", "textual/css", false },
		{ "text/*", "image/png", false },
		{ "image/svg+xml, application/json", "application/json", true },
		{ "image/svg+xml  application/json", "image/svg+xml", true },
		{ "image/svg+xml,application/json", "image/png", false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_msg(media_list_has(slice_of_string(cases[i].list),
					     slice_of_string(cases[i].type)) == cases[i].is_in,
			      "%s in %s", cases[i].type, cases[i].list);
}
END_TEST

UNIT_SUITE_OF(media, lists_are_valid_or_not, types_are_in_a_list_or_not)
