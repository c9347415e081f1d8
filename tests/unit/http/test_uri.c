/* URIs: decoding, query parameters, authorities. */
#include "http/uri.h"

#include "http/status.h"
#include "unit.h"

static char first[4096];

#define ck_assert_slice(s, text) \
	do { \
		struct ltd_slice slice_ = (s); \
		ck_assert_msg(slice_.len == sizeof(text) - 1 && \
				      !memcmp(slice_.at, text, slice_.len), \
			      "'%.*s' is not '%s'", (int)slice_.len, slice_.at, text); \
	} while (0)

static struct ltd_slice decoded(const char *text, bool plus, bool sound)
{
	struct arena a;
	struct ltd_slice out;

	arena_init(&a, first, sizeof first, 0);
	ck_assert_msg(uri_decode(&a, slice_of_string(text), plus, &out) == sound, "%s", text);
	return out;
}

START_TEST(escapes_are_decoded)
{
	ck_assert_slice(decoded("", false, true), "");
	ck_assert_slice(decoded("plain", false, true), "plain");
	ck_assert_slice(decoded("%41%6a%6A", false, true), "Ajj");
	ck_assert_slice(decoded("a%00b", false, true), "a\0b");
	ck_assert_slice(decoded("%c3%BC%25", false, true), "\xc3\xbc%");
	ck_assert_slice(decoded("a+b", false, true), "a+b");
	ck_assert_slice(decoded("a+b%2B", true, true), "a b+");
}
END_TEST

START_TEST(a_bad_escape_leaves_the_piece_as_sent)
{
	static const char *const bad[] = { "%",   "%4",   "a%",   "%zz",  "%4g",
					   "%g4", "%%41", "%41%", "% 41", "%+1" };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct ltd_slice out = decoded(bad[i], true, false);

		ck_assert_msg(slice_eq(out, slice_of_string(bad[i])), "%s", bad[i]);
	}
}
END_TEST

START_TEST(short_of_memory_is_no_decoding)
{
	struct arena a;
	struct ltd_slice out;

	arena_init(&a, first, 0, 0);
	ck_assert(!uri_decode(&a, LTD_SLICE("%41"), false, &out));
	ck_assert_slice(out, "%41");
	ck_assert(a.is_short);
}
END_TEST

START_TEST(needless_escapes_are_undone)
{
	static const char *const rows[][2] = {
		{ "/", "/" },
		{ "/a%20b", "/a%20b" },
		{ "/%61%7e%7E%2d%5F%2e", "/a~~-_." },
		{ "/%2f%2F", "/%2f%2F" },
		{ "/%c3%bc", "/%c3%bc" },
		{ "/%2541", "/%2541" },
		{ "/%00", "/%00" },
		{ "/%3A%40", "/%3A%40" },
		{ "/x+%2B", "/x+%2B" },
	};
	struct ltd_slice out;
	struct arena a;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		arena_init(&a, first, sizeof first, 0);
		ck_assert(uri_undo_needless(&a, slice_of_string(rows[i][0]), &out));
		ck_assert_msg(slice_eq(out, slice_of_string(rows[i][1])), "%s", rows[i][0]);
	}
	arena_init(&a, first, 0, 0);
	ck_assert(!uri_undo_needless(&a, LTD_SLICE("/%61"), &out));
	ck_assert(uri_undo_needless(&a, LTD_SLICE("/a"), &out));
}
END_TEST

START_TEST(parameters_are_found_by_name)
{
	static const struct {
		const char *query, *name, *value; /* NULL: not there */
	} table[] = {
		{ "ms=5", "ms", "5" },
		{ "a=1&ms=5", "ms", "5" },
		{ "ms=5&ms=6", "ms", "5" },
		{ "ms", "ms", "" },
		{ "ms=", "ms", "" },
		{ "", "ms", NULL },
		{ "xms=5", "ms", NULL },
		{ "m=5", "ms", NULL },
		{ "msx=5", "ms", NULL },
		{ "%6ds=5", "ms", "5" },
		{ "ms=a%20b+c", "ms", "a b c" },
		{ "ms=5%", "ms", "5%" },
		{ "ms=a=b", "ms", "a=b" },
		{ "&&ms=5&", "ms", "5" },
		{ "%zz=1&ms=5", "ms", "5" },
		{ "m%2", "m%2", NULL },
		{ "=5", "", "5" },
		{ "a+b=5", "a b", "5" },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct arena a;
		struct ltd_slice value;

		arena_init(&a, first, sizeof first, 0);
		bool found = uri_query_find(&a, slice_of_string(table[i].query),
					    slice_of_string(table[i].name), &value);
		ck_assert_msg(found == (table[i].value != NULL), "%s", table[i].query);
		if (found)
			ck_assert_msg(slice_eq(value, slice_of_string(table[i].value)), "%s",
				      table[i].query);
	}
}
END_TEST

START_TEST(half_an_escape_is_seen)
{
	static const struct {
		const char *text;
		bool is_valid;
	} table[] = {
		{ "", true },       { "/", true },      { "/%20", true },   { "/%c3%BC/%2f", true },
		{ "/%25zz", true }, { "%", false },     { "/%2", false },   { "/%2g", false },
		{ "/%g2", false },  { "/%20%", false }, { "/%%20", false }, { "/%20%4", false },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		ck_assert_msg(uri_escapes_are_valid(slice_of_string(table[i].text)) ==
				      table[i].is_valid,
			      "%s", table[i].text);
}
END_TEST

START_TEST(no_query_has_no_parameters)
{
	struct arena a;
	struct ltd_slice value;

	arena_init(&a, first, sizeof first, 0);
	ck_assert(!uri_query_find(&a, slice_of(NULL, 0), LTD_SLICE("a"), &value));
}
END_TEST

START_TEST(authorities_are_judged)
{
	static const struct {
		const char *text;
		bool is_valid, has_port;
	} table[] = {
		{ "h", true, false },
		{ "h:80", true, true },
		{ "h:", true, false },
		{ "h:0", true, true },
		{ "h:65535", true, true },
		{ "h:65536", false, false },
		{ "1.2.3.4:80", true, true },
		{ "[::1]", true, false },
		{ "[::1]:80", true, true },
		{ "[::ffff:1.2.3.4]", true, false },
		{ "a.b-c_d~e", true, false },
		{ "a%20", true, false },
		{ "a!$&'()*+,;=", true, false },
		{ "a.b.:80", true, true },
		{ ".a", true, false },
		{ ".", false, false },
		{ "a..:80", false, false },
		{ "", false, false },
		{ ":80", false, false },
		{ "[]", false, false },
		{ "[::1", false, false },
		{ "::1", false, false },
		{ "[::1]x", false, false },
		{ "[1.2.3.4]", false, false },
		{ "[::1%25lo]", true, false },
		{ "[fe80::1%25eth%2d0]:80", true, true },
		{ "[::1%25]", false, false },
		{ "[::1%lo]", false, false },
		{ "[::1%25a b]", false, false },
		{ "[%25lo]", false, false },
		{ "[v1.x]", true, false },
		{ "[vF0.a:b]:80", true, true },
		{ "[v.x]", false, false },
		{ "[v1.]", false, false },
		{ "[v1x]", false, false },
		{ "[v1.x%20]", false, false },
		{ "u@h", false, false },
		{ "h/", false, false },
		{ "h:80:80", false, false },
		{ "h:+1", false, false },
		{ "h: 1", false, false },
		{ "a b", false, false },
		{ "a%2", false, false },
		{ "a%zz", false, false },
		{ "\xc3\xbc", false, false },
		{ "[0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:1]", false, false },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct ltd_slice s = slice_of_string(table[i].text);

		ck_assert_msg(uri_authority_is_valid(s) == table[i].is_valid, "%s", table[i].text);
		ck_assert_msg(uri_authority_has_port(s) == table[i].has_port, "%s", table[i].text);
	}
}
END_TEST

START_TEST(every_status_has_a_reason_and_a_line)
{
	ck_assert_slice(status_reason(200), "OK");
	ck_assert_slice(status_reason(418), "I'm a teapot");
	ck_assert_slice(status_reason(511), "Network Authentication Required");
	ck_assert_slice(status_prefix(404), "HTTP/1.1 404 Not Found\r\nServer: littled\r\nDate: ");
	ck_assert_slice(status_reason(299), "Unknown");
	ck_assert_ptr_null(status_prefix(299).at);
	ck_assert_ptr_null(status_prefix(0).at);
	ck_assert_ptr_null(status_prefix(99).at);
	ck_assert_ptr_null(status_prefix(600).at);
	ck_assert_ptr_null(status_prefix(4294967295u).at);
}
END_TEST

UNIT_SUITE_OF(uri, escapes_are_decoded, a_bad_escape_leaves_the_piece_as_sent,
	      short_of_memory_is_no_decoding, needless_escapes_are_undone,
	      parameters_are_found_by_name, half_an_escape_is_seen, no_query_has_no_parameters,
	      authorities_are_judged, every_status_has_a_reason_and_a_line)
