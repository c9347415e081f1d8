/* What is said of paths that cannot be opened. */
#include "base/reason.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

#define NOBODY 65534

static char text[REASON_BYTES];

static const char *reason(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_lt(fd, 0);
	return reason_of_path(path, errno, text, sizeof text);
}

START_TEST(the_missing_directory_is_named)
{
	ck_assert_str_eq(reason("/tmp/absent/too/log"),
			 "No such file or directory: there is no directory /tmp/absent");
	ck_assert_str_eq(reason("absent/log"),
			 "No such file or directory: there is no directory absent");
}
END_TEST

START_TEST(what_is_no_directory_is_named)
{
	ck_assert_str_eq(reason("/dev/null/log"), "Not a directory: /dev/null is none");
}
END_TEST

START_TEST(other_errors_keep_their_words)
{
	ck_assert_str_eq(reason("/tmp"), "Is a directory");
	ck_assert_str_eq(reason_of_path("", ENOENT, text, sizeof text), strerror(ENOENT));
	ck_assert_str_eq(reason_of_path("/tmp/x", -ENOSPC, text, sizeof text), strerror(ENOSPC));
}
END_TEST

/* As somebody who may not: root may everything. */
static void explain_to_nobody(const char *directory)
{
	char path[128], wanted[256];

	if (getuid() == 0 && setuid(NOBODY) < 0)
		_exit(1);
	snprintf(path, sizeof path, "%s/log", directory);
	snprintf(wanted, sizeof wanted, "may not enter %s", directory);
	_exit(strstr(reason(path), wanted) ? 0 : 1);
}

START_TEST(who_was_refused_is_named)
{
	char directory[] = "/tmp/littled-reason-XXXXXX";
	int status;

	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(chmod(directory, 0), 0);
	pid_t pid = fork();
	if (pid == 0)
		explain_to_nobody(directory);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	rmdir(directory);
	ck_assert_int_eq(status, 0);
}
END_TEST

UNIT_SUITE_OF(reason, the_missing_directory_is_named, what_is_no_directory_is_named,
	      other_errors_keep_their_words, who_was_refused_is_named)
