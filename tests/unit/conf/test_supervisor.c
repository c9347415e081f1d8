/* What a service manager says in the environment. */
#include "conf/supervisor.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "unit.h"

#define ENVIRONMENT(...) ((char *[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })

START_TEST(nothing_is_said_to_who_was_not_started_by_one)
{
	struct supervisor s;

	supervisor_read(&s, ENVIRONMENT("HOME=/"), 4711);
	ck_assert_ptr_null(s.notify_socket);
	ck_assert_ptr_null(s.journal_stream);
	ck_assert_uint_eq(s.fd_count, 0);
	ck_assert_uint_eq(s.watchdog_us, 0);
}
END_TEST

START_TEST(everything_is_read)
{
	struct supervisor s;

	supervisor_read(&s,
			ENVIRONMENT("NOTIFY_SOCKET=/run/notify", "JOURNAL_STREAM=8:1234",
				    "LISTEN_PID=4711", "LISTEN_FDS=2", "LISTEN_FDNAMES=a:b",
				    "WATCHDOG_PID=4711", "WATCHDOG_USEC=3000000"),
			4711);
	ck_assert_str_eq(s.notify_socket, "/run/notify");
	ck_assert_str_eq(s.journal_stream, "8:1234");
	ck_assert_uint_eq(s.fd_count, 2);
	ck_assert_str_eq(s.fd_names, "a:b");
	ck_assert_uint_eq(s.watchdog_us, 3000000);
}
END_TEST

START_TEST(what_is_for_another_process_is_not_taken)
{
	struct supervisor s;

	supervisor_read(&s,
			ENVIRONMENT("LISTEN_PID=4712", "LISTEN_FDS=2", "WATCHDOG_PID=4712",
				    "WATCHDOG_USEC=3000000"),
			4711);
	ck_assert_uint_eq(s.fd_count, 0);
	ck_assert_uint_eq(s.watchdog_us, 0);
	supervisor_read(&s, ENVIRONMENT("LISTEN_FDS=2"), 4711);
	ck_assert_uint_eq(s.fd_count, 0);
	supervisor_read(&s, ENVIRONMENT("WATCHDOG_USEC=3000000"), 4711);
	ck_assert_uint_eq(s.watchdog_us, 3000000);
}
END_TEST

START_TEST(nonsense_is_nothing)
{
	static const char *const counts[] = { "LISTEN_FDS=", "LISTEN_FDS=-1", "LISTEN_FDS=two",
					      "LISTEN_FDS=99999999999999999999", "LISTEN_FDS=1025" };

	for (unsigned i = 0; i < sizeof counts / sizeof *counts; i++) {
		struct supervisor s;

		supervisor_read(&s, ENVIRONMENT("LISTEN_PID=4711", (char *)counts[i]), 4711);
		ck_assert_msg(s.fd_count == 0, "%s", counts[i]);
	}
}
END_TEST

START_TEST(what_is_bequeathed_is_read_by_that_process_and_can_be_hidden)
{
	struct supervisor s;
	char *environment[4] = { NULL };
	char pid[32], fds[32], names[64];

	ck_assert_int_eq(supervisor_bequeath(2, "a:b"), 0);
	snprintf(pid, sizeof pid, "LISTEN_PID=%s", getenv("LISTEN_PID"));
	snprintf(fds, sizeof fds, "LISTEN_FDS=%s", getenv("LISTEN_FDS"));
	snprintf(names, sizeof names, "LISTEN_FDNAMES=%s", getenv("LISTEN_FDNAMES"));
	environment[0] = pid, environment[1] = fds, environment[2] = names;
	supervisor_read(&s, environment, getpid());
	ck_assert_uint_eq(s.fd_count, 2);
	ck_assert_str_eq(s.fd_names, "a:b");
	supervisor_hide();
	ck_assert_ptr_null(getenv("LISTEN_FDS"));
	ck_assert_ptr_null(getenv("LISTEN_PID"));
	ck_assert_ptr_null(getenv("LISTEN_FDNAMES"));
}
END_TEST

UNIT_SUITE_OF(supervisor, nothing_is_said_to_who_was_not_started_by_one, everything_is_read,
	      what_is_for_another_process_is_not_taken, nonsense_is_nothing,
	      what_is_bequeathed_is_read_by_that_process_and_can_be_hidden)
