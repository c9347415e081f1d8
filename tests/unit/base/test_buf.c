/* Bounded buffers: growing, and running short. */
#include "base/buf.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "unit.h"

START_TEST(it_grows_up_to_its_maximum)
{
	struct buf b;

	buf_init(&b, 1000);
	ck_assert_ptr_null(b.at);
	for (unsigned i = 0; i < 1000; i++)
		buf_append(&b, &(char){ (char)i }, 1);
	ck_assert(!b.is_short);
	ck_assert_uint_eq(b.len, 1000);
	ck_assert_uint_le(b.cap, 1000);
	for (unsigned i = 0; i < 1000; i++)
		ck_assert_int_eq(b.at[i], (char)i);
	buf_fini(&b);
}
END_TEST

START_TEST(beyond_its_maximum_it_is_short_and_stays_so)
{
	struct buf b;

	buf_init(&b, 10);
	buf_puts(&b, "12345678");
	buf_puts(&b, "901");
	ck_assert(b.is_short);
	ck_assert_uint_eq(b.len, 8);
	buf_puts(&b, "9");
	ck_assert_uint_eq(b.len, 8);
	ck_assert_int_eq(buf_reserve(&b, 1), -ENOBUFS);
	ck_assert_ptr_null(buf_steal(&b));

	buf_puts(&b, "again");
	ck_assert(!b.is_short);
	buf_reset(&b);
	ck_assert_int_eq(buf_reserve(&b, SIZE_MAX), -ENOBUFS);
	buf_reset(&b);
	ck_assert_int_eq(buf_reserve(&b, 10), 0);
	buf_fini(&b);
}
END_TEST

START_TEST(printing_grows_it_too)
{
	struct buf b;

	buf_init(&b, 2000);
	buf_printf(&b, "%d-%s", 42, "x");
	buf_printf(&b, "%0999d", 7);
	char *text = buf_steal(&b);
	ck_assert_ptr_nonnull(text);
	ck_assert_uint_eq(strlen(text), 4 + 999);
	ck_assert_int_eq(memcmp(text, "42-x0", 5), 0);
	ck_assert_int_eq(text[1002], '7');
	free(text);

	buf_init(&b, 500);
	buf_printf(&b, "%0999d", 7);
	ck_assert(b.is_short);
	buf_fini(&b);
}
END_TEST

START_TEST(stolen_text_leaves_it_empty)
{
	struct buf b;

	buf_init(&b, 100);
	char *empty = buf_steal(&b);
	ck_assert_str_eq(empty, "");
	buf_puts(&b, "two");
	char *two = buf_steal(&b);
	ck_assert_str_eq(two, "two");
	ck_assert_uint_eq(b.len, 0);
	ck_assert_ptr_null(b.at);
	free(empty);
	free(two);
	buf_fini(&b);
}
END_TEST

START_TEST(appending_nothing_is_harmless)
{
	struct buf b;

	buf_init(&b, 0);
	buf_append(&b, NULL, 0);
	ck_assert(!b.is_short);
	buf_append(&b, "x", 1);
	ck_assert(b.is_short);
	buf_fini(&b);
}
END_TEST

UNIT_SUITE_OF(buf, it_grows_up_to_its_maximum, beyond_its_maximum_it_is_short_and_stays_so,
	      printing_grows_it_too, stolen_text_leaves_it_empty, appending_nothing_is_harmless)
