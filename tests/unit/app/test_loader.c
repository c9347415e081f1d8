/* Every way a shared object can be wrong. */
#include "app/loader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support.h"
#include "unit.h"

static char why[LOADER_WHY_BYTES];

static void check(const char *spec, int error, const char *because)
{
	struct loaded l;

	why[0] = '\0';
	ck_assert_int_eq(loader_open(&l, spec, why), error);
	ck_assert_msg(strstr(why, because), "'%s' not in '%s'", because, why);
	ck_assert_ptr_null(l.app);
	ck_assert_ptr_null(l.library);
}

static void check_refused(const char *spec, const char *because)
{
	check(spec, -ENOEXEC, because);
}

static void check_unknown(const char *name, const char *because)
{
	check(name, -ENOENT, because);
}

START_TEST(a_shared_object_is_opened)
{
	const char *path = support_app("good", "{ \"/x\", LTD_INLINE, LTD_GET, say_path },");
	struct loaded l;

	ck_assert_int_eq(loader_open(&l, path, why), 0);
	ck_assert_str_eq(l.app->name, "good");
	ck_assert_ptr_nonnull(l.library);
	ck_assert_ptr_null(l.argument);
	loader_close(&l);
	ck_assert_ptr_null(l.app);
}
END_TEST

START_TEST(a_name_without_slash_is_sought_in_this_folder)
{
	char path[256];
	struct loaded l;

	snprintf(path, sizeof path, "%s", support_app("near", "{ \"/x\", LTD_SLOT, 0, say_path },"));
	*strrchr(path, '/') = '\0';
	ck_assert_int_eq(chdir(path), 0);
	ck_assert_msg(loader_open(&l, "near.so", why) == 0, "%s", why);
	ck_assert_str_eq(l.app->name, "near");
	loader_close(&l);
	check_refused("far.so", "far.so");
}
END_TEST

START_TEST(another_interface_number_is_refused_with_a_sentence)
{
	check_refused(support_compile("old", "LTD_APP = { .abi = 1 };"),
		      "/old.so was built for app interface 1, this littled (" LTD_VERSION
		      ") speaks 2: "
		      "rebuild it");
}
END_TEST

START_TEST(what_is_no_app_is_refused)
{
	check_refused("/nowhere/at/all.so",
		      "cannot open app /nowhere/at/all.so: cannot open shared object");
	check_refused("/nowhere/at/all.so", "No such file");
	check_refused("./Makefile", "invalid ELF header");
	check_refused("./a:b.so", "cannot open app ./a:b.so: ");
	check_refused(support_compile("empty", ""), "empty.so is no littled app: undefined symbol");
	check_refused(support_compile("empty", ""), "undefined symbol: ltd_app");
	check_refused(support_compile("lacking",
				      "extern int ltd_of_the_future(void);\n"
				      "int f(void); int f(void) { return ltd_of_the_future(); }"),
		      "ltd_of_the_future");
}
END_TEST

START_TEST(an_unsound_descriptor_is_refused)
{
	check_refused(support_compile("nameless", "LTD_APP = { .abi = LTD_ABI };"), "has no name");
	check_refused(support_compile("routeless", "LTD_APP = { .abi = LTD_ABI, .name = \"r\" };"),
		      "app r has no routes");
	check_refused(support_app("none", ""), "app none has no routes");
	check_refused(support_app("relative", "{ \"x\", LTD_INLINE, 0, say_path },"),
		      "app relative: route 'x' does not begin with '/'");
	check_refused(support_app("blank", "{ \"\", LTD_INLINE, 0, say_path },"), "route ''");
	check_refused(support_app("idle", "{ \"/x\", LTD_INLINE, 0, 0 },"),
		      "route '/x' has no handler");
	check_refused(support_app("odd", "{ \"/x\", 9, 0, say_path },"),
		      "neither LTD_INLINE nor LTD_SLOT");
	check_refused(support_app("hasty", "{ \"/x\", LTD_INLINE, 0, say_path, say_path },"),
		      "route '/x' has an attempt, but no slot to fall back on");
	check_refused(support_app("method", "{ \"/x\", 0, 0x4000, say_path },"), "names a method");
}
END_TEST

START_TEST(built_in_apps_have_names)
{
	struct loaded l;

	ck_assert_int_eq(loader_open(&l, "workload", why), 0);
	ck_assert_str_eq(l.app->name, "workload");
	ck_assert_ptr_null(l.library);
	ck_assert_ptr_null(l.argument);
	ck_assert_int_eq(loader_open(&l, "workload:a:b", why), 0);
	ck_assert_str_eq(l.argument, "a:b");
	ck_assert_int_eq(loader_open(&l, "workload:/a/b.so", why), 0);
	ck_assert_str_eq(l.argument, "/a/b.so");
	ck_assert_int_eq(loader_open(&l, "workload:", why), 0);
	ck_assert_str_eq(l.argument, "");
}
END_TEST

START_TEST(an_unknown_name_gets_help)
{
	char longest[5000];

	check_unknown("worklaod", "there is no app 'worklaod' (did you mean workload?)");
	check_unknown("work:x", "there is no app 'work'");
	check_unknown("mysite", "built in: workload, static;");
	check_unknown("", "there is no app ''");
	memset(longest, 'a', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	check_unknown(longest, "there is no app 'aaaa");
	memcpy(longest + sizeof longest - 4, ".so", 4);
	check_refused(longest, "path too long");
}
END_TEST

UNIT_SUITE_OF(loader, a_shared_object_is_opened, a_name_without_slash_is_sought_in_this_folder,
	      another_interface_number_is_refused_with_a_sentence, what_is_no_app_is_refused,
	      an_unsound_descriptor_is_refused, built_in_apps_have_names, an_unknown_name_gets_help)
