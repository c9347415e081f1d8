/* Who the workers run as: names, and that there is no way back. */
#include "proc/privileges.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

static struct identity id;
static char why[256];

static int resolve(const char *user, const char *group, bool initgroups)
{
	struct options *o = options_new();

	o->user = user ? strdup(user) : NULL;
	o->group = group ? strdup(group) : NULL;
	o->initgroups = initgroups;
	why[0] = '\0';
	int error = privileges_resolve(o, &id, why, sizeof why);
	options_free(&o);
	return error;
}

START_TEST(nobody_asked_for_is_nobody_else)
{
	ck_assert_int_eq(resolve(NULL, NULL, false), 0);
	ck_assert(!id.is_other);
	ck_assert_int_eq(privileges_drop(&id), 0);
}
END_TEST

START_TEST(what_is_not_known_is_refused)
{
	ck_assert_int_eq(resolve("no.such.user", NULL, false), -EINVAL);
	ck_assert_str_eq(why, "user = no.such.user: there is no such user");
	ck_assert_int_eq(resolve(NULL, "no.such.group", false), -EINVAL);
	ck_assert_str_eq(why, "group = no.such.group: there is no such group");
	ck_assert_int_eq(resolve("3999999999", NULL, false), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "group must be given"));
	ck_assert_int_eq(resolve("3999999999", "3999999999", true), -EINVAL);
	ck_assert_int_eq(resolve("4294967295", NULL, false), -EINVAL);
	ck_assert_int_eq(resolve("root", "4294967295", false), -EINVAL);
}
END_TEST

START_TEST(names_and_numbers_are_resolved)
{
	if (geteuid() != 0) {
		ck_assert_int_eq(resolve("root", NULL, false), -EPERM);
		ck_assert_ptr_nonnull(strstr(why, "only root"));
		return;
	}
	ck_assert_int_eq(resolve("daemon", NULL, false), 0);
	ck_assert(id.is_other);
	ck_assert_uint_eq(id.uid, 1);
	ck_assert_uint_eq(id.gid, 1);
	ck_assert_int_eq(resolve("1", "2", false), 0);
	ck_assert_uint_eq(id.uid, 1);
	ck_assert_uint_eq(id.gid, 2);
	ck_assert_int_eq(resolve("3999999999", "3999999998", false), 0);
	ck_assert_uint_eq(id.uid, 3999999999);
	ck_assert_uint_eq(id.gid, 3999999998);
}
END_TEST

/* In a child: whatever is given up there stays given up. */
static int ends_with(int (*body)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(body());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static int drop(void)
{
	gid_t groups[64];

	if (privileges_drop(&id) < 0)
		return 1;
	if (getuid() != 1 || geteuid() != 1 || getgid() != 2 || getegid() != 2)
		return 2;
	if (getgroups(64, groups) != 1 || groups[0] != 2)
		return 3;
	return setuid(0) == 0 || setgid(0) == 0 || setgroups(0, NULL) == 0 ? 4 : 0;
}

START_TEST(there_is_no_way_back)
{
	if (geteuid() != 0)
		return; /* nothing to give up */
	ck_assert_int_eq(resolve("1", "2", false), 0);
	ck_assert_int_eq(ends_with(drop), 0);
}
END_TEST

/* Capabilities that outlive the change of user are found. */
static int drop_and_keep(void)
{
	prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	return privileges_drop(&id) == -EPERM ? 0 : 1;
}

START_TEST(what_is_kept_is_noticed)
{
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(resolve("1", "2", false), 0);
	ck_assert_int_eq(ends_with(drop_and_keep), 0);
}
END_TEST

static int seal(void)
{
	return privileges_seal() == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 1;
}

START_TEST(a_sealed_process_gains_nothing)
{
	ck_assert_int_eq(ends_with(seal), 0);
}
END_TEST

UNIT_SUITE_OF(privileges, nobody_asked_for_is_nobody_else, what_is_not_known_is_refused,
	      names_and_numbers_are_resolved, there_is_no_way_back, what_is_kept_is_noticed,
	      a_sealed_process_gains_nothing)
