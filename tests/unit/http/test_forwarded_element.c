/* The Forwarded field, element by element. */
#include "http/forwarded_element.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "base/buf.h"
#include "unit.h"

static struct arena arena;
static char first[64];

static void put(struct buf *to, struct ltd_slice s)
{
	if (s.at)
		buf_append(to, s.at, s.len);
	else
		buf_puts(to, "-");
}

/* "node/proto" of each element, '-' for what is not there; "!" where it is malformed. */
static char *told(struct ltd_slice value)
{
	struct forwarded_element e;
	enum forwarded_verdict verdict;
	struct buf to;

	buf_init(&to, 512);
	arena_init(&arena, first, sizeof first, 4096);
	while ((verdict = forwarded_next(&value, &arena, &e)) == FORWARDED_ELEMENT) {
		buf_puts(&to, to.len ? " " : "");
		put(&to, e.node);
		buf_puts(&to, "/");
		put(&to, e.proto);
	}
	buf_puts(&to, verdict == FORWARDED_MALFORMED ? "!" : "");
	arena_reset(&arena);
	return buf_steal(&to);
}

static const struct {
	const char *value, *told;
} table[] = {
	/* RFC 7239 4, 6.1, 7.1, 7.4 */
	{ "for=\"_gazonk\"", "_gazonk/-" },
	{ "For=\"[2001:db8:cafe::17]:4711\"", "[2001:db8:cafe::17]:4711/-" },
	{ "for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60/http" },
	{ "for=192.0.2.43, for=198.51.100.17", "192.0.2.43/- 198.51.100.17/-" },
	{ "for=192.0.2.43,for=\"[2001:db8:cafe::17]\",for=unknown",
	  "192.0.2.43/- [2001:db8:cafe::17]/- unknown/-" },
	{ "for=_hidden, for=_SEVKISEK", "_hidden/- _SEVKISEK/-" },
	{ "for=192.0.2.43, for=198.51.100.17;by=203.0.113.60;proto=http;host=example.com",
	  "192.0.2.43/- 198.51.100.17/http" },
	/* nothing, and less */
	{ "", "" },
	{ " , ,\t", "" },
	{ ",for=a,,for=b,", "a/- b/-" },
	{ ";;for=a;;proto=https;", "a/https" },
	{ "proto=https", "-/https" },
	{ "host=example.com", "-/-" },
	{ ";", "-/-" },
	/* quotes */
	{ "for=\"a,b;c\";proto=\"https\"", "a,b;c/https" },
	{ "for=\"\\[::1\\]\\\"\\\\\"", "[::1]\"\\/-" },
	{ "for=\"\"", "/-" },
	{ "for=\"a", "!" },
	{ "for=\"a\\", "!" },
	{ "for=\"a\\\"", "!" },
	{ "for=\"a\"b", "!" },
	{ "for=\"x, for=192.0.2.1", "!" },
	/* what many write, and what nobody should */
	{ "for = a", "!" },
	{ "for=a ; proto=https , for=b", "a/https b/-" },
	{ "for=[::1]:80", "[::1]:80/-" },
	{ "for=", "!" },
	{ "for", "!" },
	{ "=a", "!" },
	{ "for=a b", "!" },
	{ "for=a;for=b", "!" },
	{ "for=a;proto=http;PROTO=https", "!" },
	{ "for=a, \"b\"", "!" },
	{ "f(r=a", "!" },
};

/* Each value stands at the edge of a page that may not be read. */
START_TEST(elements_are_taken_apart)
{
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(page, MAP_FAILED);
	ck_assert_int_eq(mprotect(page + 4096, 4096, PROT_NONE), 0);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		size_t len = strlen(table[i].value);
		char *at = page + 4096 - len;

		memcpy(at, table[i].value, len);
		char *text = told(slice_of(at, len));
		size_t all = strlen(text), wanted = strlen(table[i].told);
		/* What came before the flaw does not matter. */
		size_t from = strcmp(table[i].told, "!") == 0 && all > wanted ? all - wanted : 0;

		ck_assert_msg(strcmp(text + from, table[i].told) == 0, "%s: %s", table[i].value,
			      text);
		free(text);
	}
	munmap(page, 8192);
}
END_TEST

START_TEST(no_memory_for_an_escaped_value_is_a_refusal)
{
	char value[200] = "for=\"\\a";
	struct ltd_slice rest = { value, sizeof value };
	struct forwarded_element e;

	memset(value + 7, 'a', sizeof value - 8);
	value[sizeof value - 1] = '"';
	arena_init(&arena, first, sizeof first, 0);
	ck_assert_int_eq(forwarded_next(&rest, &arena, &e), FORWARDED_MALFORMED);
	ck_assert(arena.is_short);
	arena_reset(&arena);
}
END_TEST

UNIT_SUITE_OF(forwarded_element, elements_are_taken_apart,
	      no_memory_for_an_escaped_value_is_a_refusal)
