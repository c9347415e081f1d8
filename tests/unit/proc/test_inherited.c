/* Listeners handed over: by an older master, by a service manager, and what is left. */
#include "proc/inherited.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

/* The numbers from 3 on are Check's own: each body runs in a process where they are not. */
static void run(void (*body)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		body();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(status == 0, "line %d (of 256) does not hold", WEXITSTATUS(status));
}

#define MUST(condition) \
	do { \
		if (!(condition)) \
			_exit(__LINE__ % 256); \
	} while (0)

static void fill(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		int fd = open("/dev/null", O_RDONLY);

		MUST(dup2(fd, SUPERVISOR_FIRST_FD + (int)i) >= 0);
	}
}

static void take_by_name(void)
{
	struct inherited in;
	const struct supervisor s = {
		.fd_count = 5,
		.fd_names = "web.socket:admin:bind+127.0.0.1%3A80:bind+127.0.0.1%3A80:admin+%3A9",
	};

	fill(5);
	MUST(inherited_open(&in, &s) == 0);
	MUST(fcntl(3, F_GETFD) == FD_CLOEXEC);
	MUST(inherited_count(&in, NULL) == 1);
	MUST(inherited_count(&in, INHERITED_ADMIN) == 1);
	MUST(inherited_take(&in, INHERITED_BIND, "127.0.0.1:81") == -1);
	MUST(inherited_take(&in, INHERITED_BIND, "127.0.0.1:80") == 5);
	MUST(inherited_take(&in, INHERITED_BIND, "127.0.0.1:80") == 6);
	MUST(inherited_take(&in, INHERITED_BIND, "127.0.0.1:80") == -1);
	MUST(inherited_take(&in, INHERITED_ADMIN, ":9") == 7);
	MUST(inherited_take_any(&in, INHERITED_ADMIN) == 4);
	MUST(inherited_take_any(&in, INHERITED_ADMIN) == -1);
	MUST(inherited_take_any(&in, NULL) == 3);
	MUST(inherited_take_any(&in, NULL) == -1);
	inherited_close(&in);
	MUST(fcntl(3, F_GETFD) == FD_CLOEXEC); /* what was taken is not closed */
}

static void leave_one(void)
{
	struct inherited in;
	const struct supervisor s = { .fd_count = 2 };

	fill(2);
	MUST(inherited_open(&in, &s) == 0);
	MUST(inherited_take_any(&in, NULL) == 3);
	inherited_close(&in);
	MUST(fcntl(3, F_GETFD) == FD_CLOEXEC);
	MUST(fcntl(4, F_GETFD) == -1);
}

static void claim_too_many(void)
{
	struct inherited in;
	const struct supervisor s = { .fd_count = 1000000, .fd_names = "a" };

	fill(1);
	MUST(inherited_open(&in, &s) == 0);
	MUST(inherited_count(&in, NULL) >= 1);
	MUST(inherited_count(&in, NULL) < 100);
}

/* The numbers they have overlap those that they are to get. */
static void give_and_take(void)
{
	struct listener l[3];
	static const char *const bind[3] = { "127.0.0.1:0", "unix:/tmp/a:b%c", "[::1]:0" };
	struct inherited_gift gift[3];
	struct supervisor s;
	struct inherited in;
	char names[256], pid[32], *environment[] = { pid, (char *)"LISTEN_FDS=3", names, NULL };
	struct stat given[3], found;

	for (int i = 0; i < 3; i++) {
		const struct listener_plan plan = { .bind = "127.0.0.1:0", .backlog = 1 };
		char why[256];

		MUST(listener_open(&l[i], &plan, why, sizeof why) == 0);
		gift[i] = (struct inherited_gift){ &l[i], i == 2 ? INHERITED_ADMIN : INHERITED_BIND,
						   bind[i] };
	}
	for (int i = 0; i < 3; i++)
		MUST(fstat(l[i].fd, &given[i]) == 0);
	MUST(inherited_bequeath(gift, 3) == 0);
	snprintf(names, sizeof names, "LISTEN_FDNAMES=%s", getenv("LISTEN_FDNAMES"));
	snprintf(pid, sizeof pid, "LISTEN_PID=%d", (int)getpid());
	supervisor_read(&s, environment, getpid());
	for (int i = 0; i < 3; i++)
		MUST(fcntl(SUPERVISOR_FIRST_FD + i, F_GETFD) == 0); /* survives exec */
	for (int i = 0; i < 3; i++) {
		MUST(fstat(SUPERVISOR_FIRST_FD + i, &found) == 0);
		MUST(found.st_ino == given[i].st_ino);
	}
	MUST(inherited_open(&in, &s) == 0);
	MUST(inherited_take(&in, INHERITED_ADMIN, bind[2]) == 5);
	MUST(inherited_take(&in, INHERITED_BIND, bind[1]) == 4);
	MUST(inherited_take(&in, INHERITED_BIND, bind[0]) == 3);
	inherited_close(&in);
}

START_TEST(names_say_what_they_are_for)
{
	run(take_by_name);
}
END_TEST

START_TEST(what_nobody_takes_is_closed)
{
	run(leave_one);
}
END_TEST

START_TEST(numbers_that_are_not_open_are_passed_over)
{
	run(claim_too_many);
}
END_TEST

START_TEST(what_is_given_is_found_by_the_next)
{
	run(give_and_take);
}
END_TEST

UNIT_SUITE_OF(inherited, names_say_what_they_are_for, what_nobody_takes_is_closed,
	      numbers_that_are_not_open_are_passed_over, what_is_given_is_found_by_the_next)
