/* What of the file system is left, in a child that has given up the rest. */
#include "proc/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

static char root[32], readable[64], writable[64], other[64], path[128];

static const char *in(const char *directory, const char *name)
{
	snprintf(path, sizeof path, "%s/%s", directory, name);
	return path;
}

static bool can_open(const char *directory, int flags)
{
	int fd = open(in(directory, "file"), flags, 0600);

	if (fd < 0 && errno != EACCES)
		return true; /* refused for another reason: not by us */
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int enter(void)
{
	char *read_at[] = { readable }, *write_at[] = { writable };
	const struct strings read = { read_at, 1 }, write = { write_at, 1 };
	static const char *const also[] = { "/dev/null", NULL };
	const struct landlock_plan plan = { &read, &write, also, 2 };
	const char *at;

	return landlock_enter(&plan, &at);
}

static int in_child(bool (*body)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(enter() == 0 && body() ? 0 : 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static bool files_are_as_planned(void)
{
	return can_open(readable, O_RDONLY) && !can_open(readable, O_WRONLY) &&
	       can_open(writable, O_RDWR | O_CREAT) && unlink(in(writable, "file")) == 0 &&
	       mkdir(in(writable, "new"), 0700) == 0 && !can_open(other, O_RDONLY) &&
	       !can_open(other, O_WRONLY | O_CREAT) && mkdir(in(readable, "new"), 0700) < 0 &&
	       open("/dev/null", O_WRONLY) >= 0;
}

static bool nothing_is_executed(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return errno == EACCES;
}

static bool no_port_is_bound(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return bind(fd, (struct sockaddr *)&at, sizeof at) < 0 && errno == EACCES;
}

static bool only_ourselves_are_signalled(void)
{
	return kill(getpid(), 0) == 0 && kill(getppid(), 0) < 0;
}

static void make(const char *directory)
{
	ck_assert_int_eq(mkdir(directory, 0700), 0);
	close(open(in(directory, "file"), O_WRONLY | O_CREAT, 0600));
}

static void begin(void)
{
	snprintf(root, sizeof root, "/tmp/littled-landlock-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
	snprintf(readable, sizeof readable, "%s/readable", root);
	snprintf(writable, sizeof writable, "%s/writable", root);
	snprintf(other, sizeof other, "%s/other", root);
	make(readable);
	make(writable);
	make(other);
}

static void end(void)
{
	char command[64];

	snprintf(command, sizeof command, "rm -r %s", root);
	ck_assert_int_eq(system(command), 0);
}

START_TEST(what_is_forbidden_is_refused)
{
	int version = landlock_version();

	if (version < 0)
		return; /* this kernel has none */
	begin();
	ck_assert_int_eq(in_child(files_are_as_planned), 0);
	ck_assert_int_eq(in_child(nothing_is_executed), 0);
	if (version >= 4)
		ck_assert_int_eq(in_child(no_port_is_bound), 0);
	if (version >= 6)
		ck_assert_int_eq(in_child(only_ourselves_are_signalled), 0);
	end();
}
END_TEST

START_TEST(a_path_that_is_not_there_is_named)
{
	char *absent[] = { (char *)"/absent/path" };
	const struct strings read = { absent, 1 }, write = { NULL, 0 };
	const struct landlock_plan plan = { &read, &write, NULL, 0 };
	const char *at;

	if (landlock_version() < 0)
		return;
	ck_assert_int_eq(landlock_enter(&plan, &at), -ENOENT);
	ck_assert_str_eq(at, "/absent/path");
	ck_assert(access("/bin/true", X_OK) == 0); /* nothing was given up */
}
END_TEST

UNIT_SUITE_OF(landlock, what_is_forbidden_is_refused, a_path_that_is_not_there_is_named)
