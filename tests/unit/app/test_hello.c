/* The example app: built by its own Makefile, elsewhere, and asked. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "support.h"
#include "unit.h"

static const char *build(void)
{
	static char path[256];
	char command[512];

	snprintf(path, sizeof path, "%s/hello.so", support_folder());
	snprintf(command, sizeof command,
		 "cp docs/examples/hello/hello.c docs/examples/hello/Makefile %s && "
		 "env -u MAKEFLAGS -u MAKELEVEL make -s -C %s LITTLED_INCLUDE=$PWD/include",
		 support_folder(), support_folder());
	ck_assert_int_eq(system(command), 0);
	return path;
}

static int open_hello(struct mounts *m, const char *greeting)
{
	static struct route_setting setting;
	static struct route_conf route;
	struct conf conf = { .routes = &route, .route_count = 1, .file = (char *)"t.ini" };

	setting = (struct route_setting){ (char *)"greeting", (char *)(uintptr_t)greeting, 4 };
	route = support_route("/", build(), 3);
	route.settings = &setting;
	route.setting_count = greeting != NULL;
	return mounts_open(m, &conf);
}

static void check_get(const struct mounts *m, const char *target, const char *body)
{
	struct answer a = support_get(m, target);

	ck_assert_int_eq(a.verdict, MOUNT_FOUND);
	ck_assert(support_body_is(&a, body));
	support_done(&a);
}

START_TEST(the_example_greets)
{
	struct mounts m;

	ck_assert_int_eq(open_hello(&m, NULL), 0);
	check_get(&m, "/hello", "Hello, world\n");
	check_get(&m, "/hello?name=Ada+L%C3%B8velace", "Hello, Ada L\xc3\xb8velace\n");
	mounts_close(&m);
}
END_TEST

START_TEST(the_example_takes_its_time)
{
	struct mounts m;

	ck_assert_int_eq(open_hello(&m, "Good day"), 0);
	uint64_t before = clock_mono_ns();
	check_get(&m, "/slow", "Good day, world\n");
	ck_assert_uint_ge(clock_mono_ns() - before, 100 * NS_PER_MS);
	mounts_close(&m);
}
END_TEST

START_TEST(the_example_refuses_an_empty_greeting)
{
	struct mounts m;

	support_keep_log();
	ck_assert_int_eq(open_hello(&m, ""), -1);
	ck_assert_str_eq(support_log(),
			 "t.ini:3: [route /]: app hello: greeting must not be empty\n");
}
END_TEST

UNIT_SUITE_OF(hello, the_example_greets, the_example_takes_its_time,
	      the_example_refuses_an_empty_greeting)
