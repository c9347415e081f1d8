/* The kernel's guard, as it is asked for here. */
#include "apps/static_find.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apps/static_labels.h"
#include "unit.h"

static char top[] = "/tmp/littled-unit-apps-XXXXXX", site[sizeof top + 8];

static void put(const char *folder, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static void link_to(const char *target, const char *name)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", site, name);
	ck_assert_int_eq(symlink(target, path), 0);
}

static void remove_top(void)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf %s", top);
	if (system(command) != 0)
		perror(command);
}

static void make_site(void)
{
	char path[256];

	if (site[0])
		return;
	ck_assert_ptr_nonnull(mkdtemp(top));
	atexit(remove_top);
	snprintf(site, sizeof site, "%s/site", top);
	ck_assert_int_eq(mkdir(site, 0700), 0);
	snprintf(path, sizeof path, "%s/sub", site);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	snprintf(path, sizeof path, "%s/fifo", site);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	put(top, "secret", "secret");
	put(site, "a.txt", "a");
	put(site, "sub/b.txt", "bb");
	link_to("sub/../a.txt", "inside");
	link_to("../secret", "out");
	link_to("..", "up");
	link_to("loop", "loop");
	link_to("/proc/self/root", "magic");
	snprintf(path, sizeof path, "%s/a.txt", site);
	link_to(path, "absolute");
}

/* 0 or a negative errno value; the size if it is a file, by one way of looking or the other. */
static int look(const char *path, bool opens, bool may_wait)
{
	struct static_abilities abilities;
	struct static_root root;
	struct static_file f;

	make_site();
	ck_assert_int_eq(static_find_abilities(&abilities, site), 0);
	int error = static_root_open(&root, site, &abilities, may_wait);
	if (error < 0)
		return error;
	error = opens ? static_find_open(&root, path, &f) : static_find(&root, path, &f);
	static_root_close(&root);
	if (error < 0) {
		ck_assert_int_lt(f.fd, 0);
		return error;
	}
	int size = S_ISREG(f.mode) ? (int)f.identity.size : 0;
	static_file_close(&f);
	return size;
}

START_TEST(what_is_below_is_found)
{
	for (int opens = 0; opens < 2; opens++) {
		ck_assert_int_eq(look("", opens, true), 0);
		ck_assert_int_eq(look("sub", opens, true), 0);
		ck_assert_int_eq(look("a.txt", opens, true), 1);
		ck_assert_int_eq(look("sub/b.txt", opens, true), 2);
		ck_assert_int_eq(look("inside", opens, true), 1);
		ck_assert_int_eq(look("c.txt", opens, true), -ENOENT);
		ck_assert_int_eq(look("a.txt/", opens, true), -ENOTDIR);
	}
}
END_TEST

START_TEST(what_is_not_below_is_not_found)
{
	static const char *const paths[] = { "..",
					     "../secret",
					     "out",
					     "up",
					     "up/secret",
					     "absolute",
					     "/",
					     "/etc/passwd",
					     "magic",
					     "magic/etc/passwd",
					     "sub/../../secret" };

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		for (int opens = 0; opens < 2; opens++)
			ck_assert_msg(look(paths[i], opens, true) == -EXDEV, "%s", paths[i]);
	ck_assert_int_eq(look("loop", false, true), -ELOOP);
}
END_TEST

START_TEST(a_pipe_is_seen_but_not_opened)
{
	ck_assert_int_eq(look("fifo", false, true), 0);
	ck_assert_int_eq(look("fifo", true, true), -EACCES);
}
END_TEST

/* What was just looked up is in the kernel's cache, unless the machine is short of memory. */
START_TEST(without_waiting)
{
	int size;

	look("sub/b.txt", false, true);
	size = look("sub/b.txt", false, false);
	ck_assert(size == 2 || size == -EAGAIN);
	size = look("out", false, false);
	ck_assert(size == -EXDEV || size == -EAGAIN);
}
END_TEST

static unsigned open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	ck_assert_ptr_nonnull(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

START_TEST(nothing_stays_open)
{
	static const char *const paths[] = { "", "a.txt", "fifo", "out", "none", "loop" };
	unsigned before = open_files();

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		for (int way = 0; way < 4; way++)
			look(paths[i], way & 1, way & 2);
	ck_assert_uint_eq(open_files(), before);
}
END_TEST

START_TEST(a_folder_that_is_none)
{
	struct static_abilities abilities;

	make_site();
	ck_assert_int_eq(static_find_abilities(&abilities, "/nowhere/at/all"), -ENOENT);
	ck_assert_int_eq(static_find_abilities(&abilities, "/dev/null"), -ENOTDIR);
}
END_TEST

START_TEST(labels_of_a_state)
{
	struct static_identity i = { .inode = 0x1a, .size = 0xff, .modified_ns = 784111777000000001 };
	struct static_labels l;

	static_labels_make(&l, &i, 784111778000000000);
	ck_assert_str_eq(l.etag, "\"1a-ff-ae1b981bc490a01\"");
	ck_assert_str_eq(l.modified, "Sun, 06 Nov 1994 08:49:37 GMT");
	ck_assert_int_eq(static_labels_validators(&l).modified_s, 784111777);
	static_labels_make(&l, &i, 784111770000000000); /* modified in the future */
	ck_assert_str_eq(l.modified, "Sun, 06 Nov 1994 08:49:30 GMT");
	i.modified_ns = -1;
	static_labels_make(&l, &i, 0);
	ck_assert_str_eq(l.modified, "Wed, 31 Dec 1969 23:59:59 GMT");
	i = (struct static_identity){ UINT64_MAX, UINT64_MAX, UINT64_MAX, -1, -1 };
	static_labels_make(&l, &i, 0);
	ck_assert_str_eq(l.etag, "\"ffffffffffffffff-ffffffffffffffff-ffffffffffffffff\"");
}
END_TEST

UNIT_SUITE_OF(static_find, what_is_below_is_found, what_is_not_below_is_not_found,
	      a_pipe_is_seen_but_not_opened, without_waiting, nothing_stays_open,
	      a_folder_that_is_none, labels_of_a_state)
