/* CPU quotas of control groups, read from a made-up /proc and /sys/fs/cgroup. */
#include "base/cgroup.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

static char root[] = "/tmp/littled-cgroup-XXXXXX";

/* Writes a file below the root, and makes the folders it stands in. */
static void put(const char *path, const char *text)
{
	char whole[PATH_MAX];

	snprintf(whole, sizeof whole, "%s%s", root, path);
	for (char *at = whole + sizeof root; *at; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		mkdir(whole, 0700);
		*at = '/';
	}
	FILE *f = fopen(whole, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static void begin(const char *mountinfo, const char *cgroup)
{
	ck_assert_ptr_nonnull(mkdtemp(root));
	put("/proc/self/mountinfo", mountinfo);
	put("/proc/self/cgroup", cgroup);
}

static double end(void)
{
	char command[64];
	double quota = cgroup_cpu_quota(root);

	snprintf(command, sizeof command, "rm -r %s", root);
	ck_assert_int_eq(system(command), 0);
	snprintf(root, sizeof root, "/tmp/littled-cgroup-XXXXXX");
	return quota;
}

#define PROC "22 27 0:20 / /proc rw,nosuid - proc proc rw\n"
#define V2 PROC "29 22 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
#define V1 \
	PROC "33 32 0:30 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup " \
	     "rw,cpu,cpuacct\n" \
	     "34 32 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"

START_TEST(version_2_gives_a_quota)
{
	begin(V2, "0::/\n");
	put("/sys/fs/cgroup/cpu.max", "150000 100000\n");
	ck_assert_double_eq(end(), 1.5);
}
END_TEST

START_TEST(no_quota_is_no_limit)
{
	begin(V2, "0::/a\n");
	put("/sys/fs/cgroup/a/cpu.max", "max 100000\n");
	ck_assert_double_eq(end(), 0);
	begin(V1, "4:cpu,cpuacct:/a\n");
	put("/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "-1\n");
	put("/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n");
	ck_assert_double_eq(end(), 0);
}
END_TEST

START_TEST(the_tightest_of_the_groups_above_binds)
{
	begin(V2, "0::/pods/one/main\n");
	put("/sys/fs/cgroup/pods/cpu.max", "400000 100000\n");
	put("/sys/fs/cgroup/pods/one/cpu.max", "25000 50000\n");
	put("/sys/fs/cgroup/pods/one/main/cpu.max", "max 100000\n");
	ck_assert_double_eq(end(), 0.5);
}
END_TEST

START_TEST(version_1_gives_a_quota)
{
	begin(V1, "5:cpuset:/other\n4:cpu,cpuacct:/docker/abc\n0::/\n");
	put("/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "300000\n");
	put("/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us", "100000\n");
	ck_assert_double_eq(end(), 3);
}
END_TEST

/* A container that sees the host's paths in /proc/self/cgroup, but has its own group mounted. */
START_TEST(a_mounted_group_is_not_looked_for_twice)
{
	begin(PROC "33 32 0:30 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n",
	      "4:cpu:/docker/abc\n");
	put("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n");
	put("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
	ck_assert_double_eq(end(), 0.5);
}
END_TEST

START_TEST(a_group_outside_the_namespace_is_the_one_mounted)
{
	begin(V2, "0::/../../elsewhere\n");
	put("/sys/fs/cgroup/cpu.max", "200000 100000\n");
	ck_assert_double_eq(end(), 2);
}
END_TEST

START_TEST(of_both_versions_the_lesser_binds)
{
	begin(V2 "33 32 0:30 / /cpu rw - cgroup cgroup rw,cpu\n", "4:cpu:/a\n0::/a\n");
	put("/sys/fs/cgroup/a/cpu.max", "200000 100000\n");
	put("/cpu/a/cpu.cfs_quota_us", "70000\n");
	put("/cpu/a/cpu.cfs_period_us", "100000\n");
	ck_assert_double_eq_tol(end(), 0.7, 1e-9);
}
END_TEST

START_TEST(what_cannot_be_read_is_no_limit)
{
	begin(V2, "0::/\n");
	ck_assert_double_eq(end(), 0);
	begin("", "");
	ck_assert_double_eq(end(), 0);
	begin("a line of nonsense\n" V2, "nonsense\n0::/\n");
	put("/sys/fs/cgroup/cpu.max", "nonsense\n");
	ck_assert_double_eq(end(), 0);
	ck_assert_double_eq(cgroup_cpu_quota("/absent"), 0);
}
END_TEST

UNIT_SUITE_OF(cgroup, version_2_gives_a_quota, no_quota_is_no_limit,
	      the_tightest_of_the_groups_above_binds, version_1_gives_a_quota,
	      a_mounted_group_is_not_looked_for_twice,
	      a_group_outside_the_namespace_is_the_one_mounted, of_both_versions_the_lesser_binds,
	      what_cannot_be_read_is_no_limit)
