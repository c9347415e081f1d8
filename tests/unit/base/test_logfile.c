/* Log files: made, followed when they are renamed, and to whom they are given. */
#include "base/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

#define NOBODY 65534

static char directory[32], path[64], other[64];

static void begin(void)
{
	snprintf(directory, sizeof directory, "/tmp/littled-logfile-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/log", directory);
	snprintf(other, sizeof other, "%s/log.1", directory);
}

static void end(void)
{
	unlink(path);
	unlink(other);
	rmdir(directory);
}

static off_t size_of(const char *name)
{
	struct stat st;

	return stat(name, &st) == 0 ? st.st_size : -1;
}

START_TEST(a_renamed_file_is_left_for_a_new_one)
{
	begin();
	int fd = logfile_open(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "one", 3), 3);
	ck_assert(!logfile_is_moved(path, fd));
	ck_assert_int_eq(logfile_reopen(path, fd), 0);

	ck_assert_int_eq(rename(path, other), 0);
	ck_assert_int_eq(write(fd, "two", 3), 3); /* not lost meanwhile */
	ck_assert(logfile_is_moved(path, fd));
	ck_assert_int_eq(logfile_reopen(path, fd), 0);
	ck_assert(!logfile_is_moved(path, fd));
	ck_assert_int_eq(write(fd, "three", 5), 5);
	ck_assert_int_eq(size_of(other), 6);
	ck_assert_int_eq(size_of(path), 5);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	end();
}
END_TEST

START_TEST(one_that_cannot_be_opened_leaves_the_old)
{
	begin();
	int fd = logfile_open(path);
	ck_assert_int_eq(rename(path, other), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(logfile_reopen(path, fd), -EISDIR);
	ck_assert_int_eq(write(fd, "kept", 4), 4);
	ck_assert_int_eq(size_of(other), 4);
	close(fd);
	rmdir(path);
	end();
}
END_TEST

START_TEST(only_what_is_new_is_given_away)
{
	struct stat st;

	if (geteuid() != 0)
		return; /* only root can */
	begin();
	close(logfile_open(path));
	logfile_set_owner(NOBODY, NOBODY);
	close(logfile_open(path));
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_uid, 0);
	ck_assert_int_eq(unlink(path), 0);
	close(logfile_open(path));
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_uid, NOBODY);

	/* A link to what is not there yet is followed, but what is made is not given away. */
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink(other, path), 0);
	close(logfile_open(path));
	ck_assert_int_eq(stat(other, &st), 0);
	ck_assert_uint_eq(st.st_uid, 0);
	logfile_set_owner((uid_t)-1, (gid_t)-1);
	end();
}
END_TEST

UNIT_SUITE_OF(logfile, a_renamed_file_is_left_for_a_new_one,
	      one_that_cannot_be_opened_leaves_the_old, only_what_is_new_is_given_away)
