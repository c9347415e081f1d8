/* Temporary files without a name: written, read, mapped, and gone; a full one says so. */
#include "base/spill.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

static char directory[] = "/tmp/littled-spill-XXXXXX";

static void begin(struct spill *s)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(spill_open(s, directory), 0);
}

static void end(struct spill *s)
{
	spill_close(s);
	ck_assert_int_eq(s->fd, -1);
	ck_assert_int_eq(rmdir(directory), 0); /* nothing is left in it */
}

START_TEST(what_is_written_is_read)
{
	struct spill s;
	char text[16];

	begin(&s);
	ck_assert_int_eq(spill_append(&s, "hello, ", 7), 0);
	ck_assert_int_eq(spill_append(&s, "", 0), 0);
	ck_assert_int_eq(spill_append(&s, "world", 5), 0);
	ck_assert_uint_eq(s.bytes, 12);
	ck_assert_int_eq(spill_read(&s, 4, text, 4), 4);
	ck_assert_int_eq(memcmp(text, "o, w", 4), 0);
	ck_assert_int_eq(spill_read(&s, 10, text, sizeof text), 2);
	ck_assert_int_eq(spill_read(&s, 12, text, sizeof text), 0);

	ck_assert_uint_eq(spill_slice(&s).len, 0);
	ck_assert_int_eq(spill_map(&s), 0);
	ck_assert_int_eq(spill_map(&s), 0);
	ck_assert(slice_eq(spill_slice(&s), LTD_SLICE("hello, world")));
	end(&s);
}
END_TEST

START_TEST(nobody_else_can_find_it)
{
	struct spill s;
	struct stat st;

	begin(&s);
	ck_assert_int_eq(fstat(s.fd, &st), 0);
	ck_assert_uint_eq(st.st_nlink, 0);
	ck_assert_uint_eq(st.st_mode & 077, 0);
	ck_assert(fcntl(s.fd, F_GETFD) & FD_CLOEXEC);
	end(&s);
}
END_TEST

START_TEST(an_empty_one_maps_to_nothing)
{
	struct spill s;

	begin(&s);
	ck_assert_int_eq(spill_map(&s), 0);
	ck_assert_uint_eq(spill_slice(&s).len, 0);
	end(&s);
}
END_TEST

START_TEST(where_there_is_no_room_it_fails)
{
	const struct rlimit limit = { 100, 100 };
	static const char bytes[300];
	struct spill s;

	begin(&s);
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(spill_append(&s, bytes, sizeof bytes), -EFBIG);
	end(&s);
	ck_assert_int_eq(spill_open(&s, "/nonexistent"), -ENOENT);
	ck_assert_int_eq(s.fd, -1);
	ck_assert_int_lt(spill_open(&s, "/proc"), 0);
	ck_assert_int_eq(s.fd, -1);
}
END_TEST

UNIT_SUITE_OF(spill, what_is_written_is_read, nobody_else_can_find_it, an_empty_one_maps_to_nothing,
	      where_there_is_no_room_it_fails)
