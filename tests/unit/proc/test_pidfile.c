/* The pid file: locked, taken over, removed. */
#include "proc/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

static char path[64], why[256];

static void begin(void)
{
	snprintf(path, sizeof path, "/tmp/littled-pidfile-%d", (int)getpid());
	unlink(path);
}

static int pid_in_file(void)
{
	int pid = 0;
	FILE *f = fopen(path, "r");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fscanf(f, "%d\n", &pid), 1);
	fclose(f);
	return pid;
}

START_TEST(it_holds_our_number_and_goes_with_us)
{
	struct pidfile p;

	begin();
	ck_assert_int_eq(pidfile_open(&p, path, why, sizeof why), 0);
	ck_assert_int_eq(pid_in_file(), getpid());
	pidfile_close(&p);
	ck_assert_int_ne(access(path, F_OK), 0);
	pidfile_close(&p);
}
END_TEST

START_TEST(a_stale_one_is_taken_over)
{
	struct pidfile p;

	begin();
	FILE *f = fopen(path, "w");
	fputs("123456789\nwith more behind it\n", f);
	fclose(f);
	ck_assert_int_eq(pidfile_open(&p, path, why, sizeof why), 0);
	ck_assert_int_eq(pid_in_file(), getpid());
	pidfile_close(&p);
}
END_TEST

START_TEST(a_live_one_is_refused_and_stays)
{
	struct pidfile first, second;
	char wanted[64];

	begin();
	ck_assert_int_eq(pidfile_open(&first, path, why, sizeof why), 0);
	ck_assert_int_eq(pidfile_open(&second, path, why, sizeof why), -EWOULDBLOCK);
	snprintf(wanted, sizeof wanted, "another server runs, process %d", (int)getpid());
	ck_assert_ptr_nonnull(strstr(why, wanted));
	pidfile_close(&second);
	ck_assert_int_eq(pid_in_file(), getpid());
	ck_assert_int_eq(truncate(path, 0), 0); /* as it is a moment after it is locked */
	ck_assert_int_eq(pidfile_open(&second, path, why, sizeof why), -EWOULDBLOCK);
	ck_assert_ptr_nonnull(strstr(why, "another process has locked it"));
	pidfile_close(&first);
}
END_TEST

/* Root could remove /dev/null by it. */
START_TEST(what_is_no_plain_file_is_refused_and_stays)
{
	struct pidfile p;

	begin();
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(pidfile_open(&p, path, why, sizeof why), -EEXIST);
	ck_assert_ptr_nonnull(strstr(why, "is no plain file"));
	pidfile_close(&p);
	ck_assert_int_eq(access(path, F_OK), 0);
	unlink(path);
}
END_TEST

START_TEST(what_was_left_aside_is_cleared_and_what_is_in_use_is_not)
{
	struct pidfile first, aside;
	char name[80];

	begin();
	snprintf(name, sizeof name, "%s.2", path);
	ck_assert_int_eq(pidfile_open(&first, path, why, sizeof why), 0);
	ck_assert_int_eq(pidfile_open_aside(&aside, path, why, sizeof why), 0);
	pidfile_clear_aside(path);
	ck_assert_int_eq(access(name, F_OK), 0);
	pidfile_forget(&aside); /* as when it is killed */
	pidfile_clear_aside(path);
	ck_assert_int_ne(access(name, F_OK), 0);
	pidfile_clear_aside(path);
	ck_assert_int_eq(pid_in_file(), getpid());
	pidfile_close(&first);
}
END_TEST

/* A worker that outlives its master must not keep the next one from starting. */
START_TEST(a_child_that_forgets_it_does_not_hold_the_lock)
{
	struct pidfile first, second;
	int gate[2];

	begin();
	ck_assert_int_eq(pipe(gate), 0);
	ck_assert_int_eq(pidfile_open(&first, path, why, sizeof why), 0);
	pid_t pid = fork();
	if (pid == 0) {
		char byte;

		close(gate[1]);
		pidfile_forget(&first);
		_exit((int)read(gate[0], &byte, 1));
	}
	close(gate[0]);
	pidfile_forget(&first); /* as a master's death does */
	ck_assert_int_eq(access(path, F_OK), 0);
	int error = -EWOULDBLOCK;
	for (int i = 0; i < 1000 && error == -EWOULDBLOCK; i++, usleep(10000))
		error = pidfile_open(&second, path, why, sizeof why);
	ck_assert_int_eq(error, 0);
	pidfile_close(&second);
	close(gate[1]);
	waitpid(pid, NULL, 0);
}
END_TEST

START_TEST(where_it_cannot_be_is_said)
{
	struct pidfile p;

	ck_assert_int_eq(pidfile_open(&p, "/tmp/absent/pid", why, sizeof why), -ENOENT);
	ck_assert_str_eq(why, "pid file: /tmp/absent/pid: No such file or directory: there is no "
			      "directory /tmp/absent");
	ck_assert_int_eq(p.fd, -1);
	if (access("/dev/full", W_OK) == 0) {
		ck_assert_int_lt(pidfile_open(&p, "/dev/full/pid", why, sizeof why), 0);
		ck_assert_ptr_nonnull(strstr(why, "/dev/full is none"));
	}
}
END_TEST

UNIT_SUITE_OF(pidfile, it_holds_our_number_and_goes_with_us, a_stale_one_is_taken_over,
	      a_live_one_is_refused_and_stays, what_is_no_plain_file_is_refused_and_stays,
	      what_was_left_aside_is_cleared_and_what_is_in_use_is_not,
	      a_child_that_forgets_it_does_not_hold_the_lock, where_it_cannot_be_is_said)
