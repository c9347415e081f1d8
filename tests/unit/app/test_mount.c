/* Which path goes where, and what mounts refuse. */
#include "app/mount.h"

#include <stdio.h>

#include "support.h"
#include "unit.h"

#define FILES_APP \
	"{ \"/list\", LTD_INLINE, LTD_GET, say_path }," \
	"{ \"/files/\", LTD_SLOT, LTD_GET | LTD_PUT, say_path }," \
	"{ \"/files/special\", LTD_INLINE, LTD_POST, say_path }," \
	"{ \"/files/deep/er/\", LTD_INLINE, LTD_ANY_METHOD, say_path },"

static int open_routes(struct mounts *m, struct route_conf *routes, size_t count)
{
	struct conf conf = { .routes = routes, .route_count = count, .file = (char *)"t.ini" };

	return mounts_open(m, &conf);
}

/* The path of the entry that answers, "404", or "405". */
static const char *who(const struct mounts *m, const char *path, unsigned method)
{
	static char text[128];
	const struct mount_entry *e;
	enum mount_verdict v = mounts_find(m, slice_of_string(path), method, &e);

	if (v == MOUNT_NOT_FOUND) {
		ck_assert_ptr_null(e);
		return "404";
	}
	if (v == MOUNT_BAD_METHOD)
		return "405";
	ck_assert(e >= m->entry && e < m->entry + m->entry_count);
	memcpy(text, e->path.at, e->path.len);
	text[e->path.len] = '\0';
	return text;
}

START_TEST(exact_and_prefix_paths_at_the_root)
{
	struct route_conf routes[] = { support_route("/", support_app("files", FILES_APP), 3) };
	struct mounts m;

	ck_assert_int_eq(open_routes(&m, routes, 1), 0);
	ck_assert_uint_eq(m.entry_count, 4);
	ck_assert_uint_eq(m.row_not_found, 4);
	ck_assert_uint_eq(m.row_refused, 5);
	ck_assert_str_eq(who(&m, "/list", LTD_GET), "/list");
	ck_assert_str_eq(who(&m, "/lis", LTD_GET), "404");
	ck_assert_str_eq(who(&m, "/list/", LTD_GET), "404");
	ck_assert_str_eq(who(&m, "/lisT", LTD_GET), "404");
	ck_assert_str_eq(who(&m, "/files", LTD_GET), "404");
	ck_assert_str_eq(who(&m, "/files/", LTD_GET), "/files/");
	ck_assert_str_eq(who(&m, "/files/a/b", LTD_PUT), "/files/");
	ck_assert_str_eq(who(&m, "/files/deep/er", LTD_GET), "/files/");
	ck_assert_str_eq(who(&m, "/files/deep/er/x", LTD_GET), "/files/deep/er/");
	ck_assert_str_eq(who(&m, "/files/special", LTD_POST), "/files/special");
	ck_assert_str_eq(who(&m, "/", LTD_GET), "404");
	ck_assert_str_eq(who(&m, "", LTD_GET), "404");
	ck_assert_str_eq(who(&m, "*", LTD_OPTIONS), "404");
	mounts_close(&m);
}
END_TEST

START_TEST(the_first_path_that_matches_decides_on_the_method)
{
	struct route_conf routes[] = { support_route("/", support_app("files", FILES_APP), 3) };
	struct mounts m;

	ck_assert_int_eq(open_routes(&m, routes, 1), 0);
	ck_assert_str_eq(who(&m, "/list", LTD_POST), "405");
	ck_assert_str_eq(who(&m, "/list", MOUNT_OTHER_METHOD), "405");
	ck_assert_str_eq(who(&m, "/files/x", LTD_DELETE), "405");
	ck_assert_str_eq(who(&m, "/files/special", LTD_GET), "405");
	ck_assert_str_eq(who(&m, "/files/deep/er/", MOUNT_OTHER_METHOD), "/files/deep/er/");
	ck_assert_str_eq(who(&m, "/files/deep/er/", MOUNT_NO_METHOD), "405");
	mounts_close(&m);
}
END_TEST

START_TEST(mounts_lie_within_each_other)
{
	const char *tail = "{ \"/\", LTD_INLINE, LTD_GET, say_path },"
			   "{ \"/here\", LTD_INLINE, LTD_GET, say_path },";
	char app[128];

	snprintf(app, sizeof app, "%s", support_app("tail", tail));
	struct route_conf routes[] = {
		support_route("/", app, 1),
		support_route("/api", app, 2),
		support_route("/api/v2/", app, 3),
	};
	struct mounts m;
	const struct mount_entry *e;

	ck_assert_int_eq(open_routes(&m, routes, 3), 0);
	ck_assert_str_eq(who(&m, "/", LTD_GET), "/");
	ck_assert_str_eq(who(&m, "/other", LTD_GET), "/");
	ck_assert_str_eq(who(&m, "/api", LTD_GET), "/api/");
	ck_assert_str_eq(who(&m, "/apiary", LTD_GET), "/");
	ck_assert_str_eq(who(&m, "/ap", LTD_GET), "/");
	ck_assert_str_eq(who(&m, "/api/", LTD_GET), "/api/");
	ck_assert_str_eq(who(&m, "/api/here", LTD_GET), "/api/here");
	ck_assert_str_eq(who(&m, "/api/v2", LTD_GET), "/api/v2/");
	ck_assert_str_eq(who(&m, "/api/v2", LTD_POST), "405");
	ck_assert_str_eq(who(&m, "/api/v2/here", LTD_GET), "/api/v2/here");
	ck_assert_str_eq(who(&m, "/api/v2/there", LTD_GET), "/api/v2/");
	mounts_find(&m, slice_of_string("/api/v2/there"), LTD_GET, &e);
	ck_assert_ptr_eq(e->mount, &m.mount[2]);
	ck_assert_uint_eq(m.mount[2].first_route, 4);
	mounts_close(&m);
}
END_TEST

START_TEST(a_path_taken_twice_is_refused)
{
	char a[128], b[128];

	snprintf(a, sizeof a, "%s",
		 support_app("a", "{ \"/v1/x\", LTD_INLINE, LTD_GET, say_path },"));
	snprintf(b, sizeof b, "%s", support_app("b", "{ \"/x\", LTD_INLINE, LTD_POST, say_path },"));
	struct route_conf routes[] = { support_route("/api", a, 4), support_route("/api/v1", b, 9) };
	struct mounts m;

	support_keep_log();
	ck_assert_int_eq(open_routes(&m, routes, 2), -1);
	ck_assert_str_eq(support_log(),
			 "t.ini:9: [route /api/v1]: path /api/v1/x of app b is taken by "
			 "app a in [route /api]\n");
	ck_assert_ptr_null(m.mount);
	ck_assert_ptr_null(m.entry);
}
END_TEST

START_TEST(an_app_with_a_path_twice_is_refused)
{
	struct route_conf routes[] = { support_route(
		"/",
		support_app("twice", "{ \"/x\", LTD_INLINE, LTD_GET, say_path },"
				     "{ \"/x\", LTD_SLOT, LTD_POST, say_path },"),
		0) };
	struct mounts m;

	support_keep_log();
	ck_assert_int_eq(open_routes(&m, routes, 1), -1);
	ck_assert_str_eq(support_log(), "command line: app twice has path /x twice\n");
}
END_TEST

START_TEST(no_app_at_all_is_refused)
{
	struct mounts m;

	support_keep_log();
	ck_assert_int_eq(open_routes(&m, NULL, 0), -1);
	ck_assert_ptr_nonnull(strstr(support_log(), "no app to serve"));
}
END_TEST

START_TEST(methods_have_bits)
{
	ck_assert_uint_eq(mount_method_bit(LTD_SLICE("GET")), LTD_GET);
	ck_assert_uint_eq(mount_method_bit(LTD_SLICE("HEAD")), LTD_GET);
	ck_assert_uint_eq(mount_method_bit(LTD_SLICE("POST")), LTD_POST);
	ck_assert_uint_eq(mount_method_bit(LTD_SLICE("PUT")), LTD_PUT);
	ck_assert_uint_eq(mount_method_bit(LTD_SLICE("DELETE")), LTD_DELETE);
	ck_assert_uint_eq(mount_method_bit(LTD_SLICE("PATCH")), LTD_PATCH);
	ck_assert_uint_eq(mount_method_bit(LTD_SLICE("OPTIONS")), LTD_OPTIONS);
	ck_assert_uint_eq(mount_method_bit(LTD_SLICE("get")), MOUNT_OTHER_METHOD);
	ck_assert_uint_eq(mount_method_bit(LTD_SLICE("GETS")), MOUNT_OTHER_METHOD);
	ck_assert_uint_eq(mount_method_bit(LTD_SLICE("PROPFIND")), MOUNT_OTHER_METHOD);
	ck_assert_uint_eq(mount_method_bit(LTD_SLICE("TRACE")), MOUNT_NO_METHOD);
}
END_TEST

START_TEST(allow_names_what_a_route_takes)
{
	char out[MOUNT_ALLOW_BYTES];
	const struct ltd_route get = { .methods = LTD_GET },
			       some = { .methods = LTD_POST | LTD_PATCH },
			       any = { .methods = LTD_ANY_METHOD };

	ck_assert(slice_eq(mount_allow(&get, out), LTD_SLICE("GET, HEAD, OPTIONS")));
	ck_assert(slice_eq(mount_allow(&some, out), LTD_SLICE("POST, PATCH, OPTIONS")));
	ck_assert(slice_eq(mount_allow(&any, out),
			   LTD_SLICE("GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS")));
}
END_TEST

/* An app that logs what was called, and starts only if told "yes". */
#define HOOKED \
	"static int configure(const struct ltd_settings *s, void **state)\n" \
	"{ *state = (void *)ltd_setting(s, \"start\"); return 0; }\n" \
	"static int start(void *state)\n" \
	"{ const char *t = state; ltd_log(LTD_LOG_INFO, \"start %s\", t);\n" \
	"  return t[0] == 'y' ? 0 : -1; }\n" \
	"static void stop(void *state) { ltd_log(LTD_LOG_INFO, \"stop %s\", (char *)state); }\n" \
	"static void release(void *state)\n" \
	"{ ltd_log(LTD_LOG_INFO, \"release %s\", (char *)state); }\n" \
	"static const struct ltd_option options[] = { { \"start\", \"yes\", \"\" }, { 0 } };\n" \
	"static const struct ltd_route routes[] = { { \"/\", LTD_SLOT, 0, say_path }, { 0 } };\n" \
	"LTD_APP = { .abi = LTD_ABI, .name = \"hooked\", .options = options, .routes = routes,\n" \
	"	.configure = configure, .worker_start = start, .worker_stop = stop,\n" \
	"	.release = release };\n"

/* Of every log line, the text. */
static void check_lines(const char *const *expected)
{
	const char *text = support_log();

	for (; *expected; expected++) {
		text = strstr(text, *expected);
		ck_assert_msg(text, "'%s' is missing in: %s", *expected, support_log());
	}
}

START_TEST(hooks_are_called_in_order_and_undone_in_reverse)
{
	const char *app = support_compile("hooked", HOOKED);
	struct route_setting second[] = { { (char *)"start", (char *)"yes too", 8 } };
	struct route_conf routes[] = { support_route("/", app, 1), support_route("/b", app, 7) };
	struct mounts m;

	routes[1].settings = second;
	routes[1].setting_count = 1;
	support_keep_log();
	ck_assert_int_eq(open_routes(&m, routes, 2), 0);
	ck_assert_int_eq(mounts_worker_start(&m), 0);
	mounts_worker_stop(&m);
	mounts_close(&m);
	check_lines((const char *const[]){ "start yes\n", "start yes too\n", "stop yes too\n",
					   "stop yes\n", "release yes too\n", "release yes\n",
					   NULL });
}
END_TEST

START_TEST(an_app_that_does_not_start_stops_those_before)
{
	const char *app = support_compile("hooked", HOOKED);
	struct route_setting second[] = { { (char *)"start", (char *)"no", 8 } };
	struct route_conf routes[] = { support_route("/", app, 1), support_route("/b", app, 7) };
	struct mounts m;

	routes[1].settings = second;
	routes[1].setting_count = 1;
	support_keep_log();
	ck_assert_int_eq(open_routes(&m, routes, 2), 0);
	ck_assert_int_eq(mounts_worker_start(&m), -1);
	check_lines((const char *const[]){ "start yes\n", "start no\n",
					   "app hooked at /b/: refuses to start", "stop yes\n",
					   NULL });
	ck_assert_ptr_null(strstr(support_log(), "stop no"));
	mounts_close(&m);
}
END_TEST

UNIT_SUITE_OF(mount, exact_and_prefix_paths_at_the_root,
	      the_first_path_that_matches_decides_on_the_method, mounts_lie_within_each_other,
	      a_path_taken_twice_is_refused, an_app_with_a_path_twice_is_refused,
	      no_app_at_all_is_refused, methods_have_bits, allow_names_what_a_route_takes,
	      hooks_are_called_in_order_and_undone_in_reverse,
	      an_app_that_does_not_start_stops_those_before)
