/* Paths of requests to paths of files, and back. */
#include "apps/static_path.h"

#include <stdio.h>
#include <stdlib.h>

#include "apps/static_text.h"
#include "unit.h"

/* "a/b" and "/" behind it if it is a folder, "400", "404"; "." before it if it is hidden. */
static const char *path(const char *encoded)
{
	static char text[STATIC_PATH_BYTES + 8];
	struct static_path p;
	enum static_path_verdict v = static_path_read(&p, text_of(encoded));

	if (v != STATIC_PATH_OK)
		return v == STATIC_PATH_BAD ? "400" : "404";
	ck_assert_uint_eq(strlen(p.at), p.len);
	snprintf(text, sizeof text, "%s%s%s", p.hidden ? "hidden " : "", p.at,
		 p.is_folder ? "/" : "");
	return text;
}

START_TEST(paths)
{
	static const char *const cases[][2] = {
		{ "/", "/" },
		{ "", "/" },
		{ "//", "/" },
		{ "/a", "a" },
		{ "/a/", "a/" },
		{ "/a/b.txt", "a/b.txt" },
		{ "//a///b", "a/b" },
		{ "/a%20b", "a b" },
		{ "/%61%2E%62", "a.b" },
		{ "/a+b;c=d:e", "a+b;c=d:e" },
		{ "/%E2%82%AC%ff", "\xe2\x82\xac\xff" },
		{ "/a%252e", "a%2e" },
		{ "/a%5cb\\c", "a\\b\\c" },
		{ "/.", "/" },
		{ "/./a", "a" },
		{ "/a/.", "a/" },
		{ "/a/./b", "a/b" },
		{ "/a/..", "/" },
		{ "/a/../b", "b" },
		{ "/a/b/..", "a/" },
		{ "/a/b/../../c", "c" },
		{ "/a/%2e%2E/b", "b" },
		{ "/a/%2e/b/", "a/b/" },
		{ "/a/.%2e/b", "b" },
		{ "/..", "404" },
		{ "/../a", "404" },
		{ "/a/../../b", "404" },
		{ "/%2e%2e/a", "404" },
		{ "/a/..//../b", "404" },
		{ "/a%2fb", "404" },
		{ "/..%2fa", "404" },
		{ "/..%2F..%2Fetc%2Fpasswd", "404" },
		{ "/%2e%2e%2f", "404" },
		{ "/a%00", "400" },
		{ "/a%00/../b", "400" },
		{ "/a%", "400" },
		{ "/a%2", "400" },
		{ "/a%2/", "400" },
		{ "/a%gg", "400" },
		{ "/a%u002e", "400" },
		{ "/.a", "hidden .a" },
		{ "/a/.git/b", "hidden a/.git/b" },
		{ "/.git/../a", "hidden a" },
		{ "/%2egit/", "hidden .git/" },
		{ "/...", "hidden ..." },
		{ "/..a", "hidden ..a" },
		{ "/a./b..", "a./b.." },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *got = path(cases[i][0]);

		ck_assert_msg(strcmp(got, cases[i][1]) == 0, "%s: %s", cases[i][0], got);
	}
}
END_TEST

START_TEST(a_path_has_a_greatest_length)
{
	char text[2 * STATIC_PATH_BYTES] = "/";
	struct static_path p;
	size_t longest = 0;

	for (size_t n = 1; n < sizeof text; n++) {
		text[n] = n % 100 ? 'a' : '/';
		if (static_path_read(&p, (struct ltd_slice){ text, n + 1 }) != STATIC_PATH_OK)
			break;
		longest = p.len;
	}
	ck_assert_uint_gt(longest, STATIC_PATH_BYTES - 4);
	ck_assert_uint_lt(longest, STATIC_PATH_BYTES);
}
END_TEST

START_TEST(appending)
{
	struct static_path p;
	char text[STATIC_PATH_BYTES];

	static_path_read(&p, LTD_SLICE("/a/b"));
	ck_assert(static_path_append(&p, ".gz"));
	ck_assert_str_eq(p.at, "a/b.gz");
	ck_assert(text_eq(static_path_name(&p), LTD_SLICE("b.gz")));
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - p.len - 1] = '\0';
	ck_assert(static_path_append(&p, text));
	ck_assert_uint_eq(p.len, STATIC_PATH_BYTES - 1);
	ck_assert(!static_path_append(&p, "y"));
	ck_assert_uint_eq(strlen(p.at), p.len);
	static_path_read(&p, LTD_SLICE("/"));
	ck_assert_uint_eq(static_path_name(&p).len, 0);
	ck_assert(static_path_append(&p, "index.html"));
	ck_assert_str_eq(p.at, "index.html");
}
END_TEST

/* What was encoded is what is read, whatever the bytes. */
START_TEST(encoding)
{
	char name[256], out[3 * sizeof name + 1] = "/";
	struct static_path p;

	ck_assert_uint_eq(static_path_encode(out, LTD_SLICE("a b/<\"'&%?#:"), true), 30);
	ck_assert_mem_eq(out, "a%20b/%3C%22%27%26%25%3F%23%3A", 30);
	ck_assert_uint_eq(static_path_encode(out, LTD_SLICE("a/b"), false), 5);
	ck_assert_mem_eq(out, "a%2Fb", 5);
	for (int i = 1; i < 256; i++)
		name[i - 1] = (char)(i == '/' ? 'x' : i);
	out[0] = '/';
	size_t n = static_path_encode(out + 1, (struct ltd_slice){ name, 255 }, false);
	ck_assert_int_eq(static_path_read(&p, (struct ltd_slice){ out, n + 1 }), STATIC_PATH_OK);
	ck_assert_uint_eq(p.len, 255);
	ck_assert_mem_eq(p.at, name, 255);
}
END_TEST

UNIT_SUITE_OF(static_path, paths, a_path_has_a_greatest_length, appending, encoding)
