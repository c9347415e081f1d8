/* Which system calls are left, in a child that has given up the rest. */
#include "proc/seccomp.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

static const struct strings none = { NULL, 0 };

static void *run_thread(void *arg)
{
	*(bool *)arg = true;
	return NULL;
}

static bool can_make_thread(void)
{
	pthread_t thread;
	bool has_run = false;

	return pthread_create(&thread, NULL, run_thread, &has_run) == 0 &&
	       pthread_join(thread, NULL) == 0 && has_run;
}

static bool is_refused(long result)
{
	return result < 0 && errno == EPERM;
}

static bool table_holds(void)
{
	struct rlimit limit;

	return seccomp_enter(SECCOMP_REFUSE, &none) == 0 && can_make_thread() &&
	       getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
	       is_refused(setrlimit(RLIMIT_NOFILE, &limit)) && is_refused(fork()) &&
	       is_refused(execl("/bin/true", "true", (char *)NULL)) &&
	       is_refused(setuid(getuid())) && is_refused(kill(getppid(), 0)) &&
	       kill(getpid(), 0) == 0 && is_refused(chroot("/")) &&
	       is_refused(socket(AF_PACKET, SOCK_RAW, 0)) && socket(AF_INET, SOCK_STREAM, 0) >= 0 &&
	       is_refused(syscall(SYS_ptrace, 0, 0, 0, 0));
}

static bool more_is_allowed(void)
{
	char *names[] = { (char *)"chroot", (char *)"setrlimit", (char *)"prlimit64" };
	const struct strings more = { names, 3 };
	struct rlimit limit;

	return seccomp_enter(SECCOMP_REFUSE, &more) == 0 && (chroot("/") == 0 || errno == EPERM) &&
	       getrlimit(RLIMIT_NOFILE, &limit) == 0 && setrlimit(RLIMIT_NOFILE, &limit) == 0 &&
	       is_refused(fork());
}

static bool logged_calls_are_made(void)
{
	return seccomp_enter(SECCOMP_LOG, &none) == 0 && setuid(getuid()) == 0 &&
	       prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
}

static bool killing_kills(void)
{
	if (seccomp_enter(SECCOMP_KILL, &none) < 0 || !can_make_thread())
		return false;
	chroot("/");
	return true;
}

static int in_child(bool (*body)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(body() ? 0 : 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

START_TEST(what_is_not_in_the_table_is_refused)
{
	ck_assert_int_eq(in_child(table_holds), 0);
	ck_assert_int_eq(in_child(more_is_allowed), 0);
	ck_assert_int_eq(in_child(logged_calls_are_made), 0);
}
END_TEST

START_TEST(or_it_is_the_end)
{
	int status = in_child(killing_kills);

	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGSYS);
}
END_TEST

START_TEST(unknown_names_are_found)
{
	char *names[] = { (char *)"execve", (char *)"exekve" };
	const struct strings known = { names, 1 }, unknown = { names, 2 };

	ck_assert_ptr_null(seccomp_find_unknown(&none));
	ck_assert_ptr_null(seccomp_find_unknown(&known));
	ck_assert_str_eq(seccomp_find_unknown(&unknown), "exekve");
}
END_TEST

UNIT_SUITE_OF(seccomp, what_is_not_in_the_table_is_refused, or_it_is_the_end,
	      unknown_names_are_found)
