/* Media types: the table, settings, and endings. */
#include "apps/static_types.h"

#include <errno.h>

#include "apps/static_text.h"
#include "unit.h"

static struct static_types types;
static struct ltd_slice bad;

static void open_types(const char *extra, const char *charset)
{
	ck_assert_int_eq(
		static_types_open(&types, extra, charset, "application/octet-stream", &bad), 0);
}

static const char *type_of(const char *name)
{
	return static_types_find(&types, text_of(name))->text;
}

START_TEST(endings)
{
	open_types("", "utf-8");
	ck_assert_str_eq(type_of("a.html"), "text/html; charset=utf-8");
	ck_assert_str_eq(type_of("A.HTML"), "text/html; charset=utf-8");
	ck_assert_str_eq(type_of("a.min.js"), "text/javascript; charset=utf-8");
	ck_assert_str_eq(type_of("a.json"), "application/json");
	ck_assert_str_eq(type_of("a.tar.gz"), "application/gzip");
	ck_assert_str_eq(type_of("a.b.svg"), "image/svg+xml");
	ck_assert_str_eq(type_of("html"), "application/octet-stream");
	ck_assert_str_eq(type_of(".html"), "application/octet-stream");
	ck_assert_str_eq(type_of("a."), "application/octet-stream");
	ck_assert_str_eq(type_of(""), "application/octet-stream");
	ck_assert_str_eq(type_of("a.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
			 "application/octet-stream");
	ck_assert(static_types_find(&types, LTD_SLICE("a.png"))->is_packed);
	ck_assert(!static_types_find(&types, LTD_SLICE("a.css"))->is_packed);
	ck_assert(!static_types_find(&types, LTD_SLICE("a"))->is_packed);
	static_types_close(&types);
}
END_TEST

START_TEST(every_row_is_found_as_it_stands)
{
	open_types("", "");
#define TYPE(ending, type, kind) ck_assert_str_eq(type_of("x." ending), type);
#include "apps/static_types.def"
#undef TYPE
	static_types_close(&types);
}
END_TEST

START_TEST(extra_types_come_first)
{
	open_types("  js=application/x-js MD=text/x-md;variant=a foo=text/foo ", "latin1");
	ck_assert_str_eq(type_of("a.js"), "application/x-js");
	ck_assert_str_eq(type_of("a.md"), "text/x-md;variant=a");
	ck_assert_str_eq(type_of("a.FOO"), "text/foo; charset=latin1");
	ck_assert_str_eq(type_of("a.css"), "text/css; charset=latin1");
	static_types_close(&types);
}
END_TEST

START_TEST(what_is_no_type_is_refused)
{
	static const char *const texts[] = { "js",    "=a/b",    "js=",      "js=a",      "js=/b",
					     "js=a/", ".js=a/b", "x/js=a/b", "js=a\x01/b" };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		ck_assert_int_eq(static_types_open(&types, texts[i], "", "a/b", &bad), -EINVAL);
		ck_assert(text_eq(bad, text_of(texts[i])));
		ck_assert_ptr_null(types.at);
	}
	ck_assert_int_eq(static_types_open(&types, "", "", "octets", &bad), -EINVAL);
	ck_assert(text_eq(bad, LTD_SLICE("octets")));
}
END_TEST

UNIT_SUITE_OF(static_types, endings, every_row_is_found_as_it_stands, extra_types_come_first,
	      what_is_no_type_is_refused)
