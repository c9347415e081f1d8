/* Keys of [route PREFIX] sections: known, unknown, refused by the app. */
#include "app/settings.h"

#include <string.h>

#include "base/slice.h"
#include "support.h"
#include "unit.h"

static const struct ltd_option options[] = {
	{ "greeting", "Hello", "" },
	{ "max_ms", NULL, "" },
	{ "argument", NULL, "" },
	{ NULL, NULL, NULL },
};
static const struct ltd_app with_options = { .name = "greeter", .options = options };
static const struct ltd_app without_options = { .name = "mute" };

static struct route_conf route;

static struct ltd_settings settings_of(const struct ltd_app *app, struct route_setting *given,
				       size_t n)
{
	route = support_route("/api", "greeter", 12);
	route.settings = given;
	route.setting_count = n;
	support_keep_log();
	return (struct ltd_settings){ .app = app, .route = &route, .file = "t.ini" };
}

static struct route_setting given_at(unsigned line, const char *name, const char *value)
{
	return (struct route_setting){ (char *)(uintptr_t)name, (char *)(uintptr_t)value, line };
}

START_TEST(values_and_fallbacks)
{
	struct route_setting given[] = { given_at(13, "max_ms", "5") };
	struct ltd_settings s = settings_of(&with_options, given, 1);

	ck_assert_int_eq(settings_check(&s), 0);
	ck_assert_str_eq(ltd_setting(&s, "max_ms"), "5");
	ck_assert_str_eq(ltd_setting(&s, "greeting"), "Hello");
	ck_assert_ptr_null(ltd_setting(&s, "argument"));
	ck_assert_ptr_null(ltd_setting(&s, "undeclared"));
	ck_assert_str_eq(support_log(), "");
}
END_TEST

START_TEST(an_unknown_key_is_refused_with_line_and_nearest_name)
{
	struct route_setting given[] = { given_at(13, "max_ms", "5"),
					 given_at(14, "greetign", "Hi") };
	struct ltd_settings s = settings_of(&with_options, given, 2);

	ck_assert_int_eq(settings_check(&s), -1);
	ck_assert_str_eq(support_log(),
			 "t.ini:14: [route /api]: app greeter has no setting 'greetign' "
			 "(did you mean greeting?)\n");
}
END_TEST

START_TEST(a_key_of_an_app_without_options_is_refused)
{
	struct route_setting given[] = { given_at(13, "x", "5") };
	struct ltd_settings s = settings_of(&without_options, given, 1);

	ck_assert_int_eq(settings_check(&s), -1);
	ck_assert_str_eq(support_log(), "t.ini:13: [route /api]: app mute has no setting 'x'\n");
}
END_TEST

START_TEST(a_key_given_twice_is_refused)
{
	struct route_setting given[] = { given_at(13, "max_ms", "5"), given_at(15, "max_ms", "5") };
	struct ltd_settings s = settings_of(&with_options, given, 2);

	ck_assert_int_eq(settings_check(&s), -1);
	ck_assert_str_eq(support_log(),
			 "t.ini:15: [route /api]: setting 'max_ms' was given before, in line 13\n");
}
END_TEST

START_TEST(an_argument_is_the_option_of_that_name)
{
	struct ltd_settings s = settings_of(&with_options, NULL, 0);

	s.argument = "/srv/www";
	ck_assert_int_eq(settings_check(&s), 0);
	ck_assert_str_eq(ltd_setting(&s, "argument"), "/srv/www");
	ck_assert_str_eq(ltd_setting(&s, "greeting"), "Hello");
}
END_TEST

START_TEST(an_argument_no_app_asked_for_is_refused)
{
	struct ltd_settings s = settings_of(&without_options, NULL, 0);

	s.argument = "app";
	route.line = 0;
	ck_assert_int_eq(settings_check(&s), -1);
	ck_assert_str_eq(support_log(), "command line: app mute takes no ':app'\n");
}
END_TEST

START_TEST(an_argument_given_twice_is_refused)
{
	struct route_setting given[] = { given_at(13, "argument", "b") };
	struct ltd_settings s = settings_of(&with_options, given, 1);

	s.argument = "a";
	ck_assert_int_eq(settings_check(&s), -1);
	ck_assert_ptr_nonnull(strstr(support_log(), "t.ini:13: "));
	ck_assert_ptr_nonnull(strstr(support_log(), "argument twice"));
}
END_TEST

START_TEST(a_refusal_is_one_line_whatever_the_app_says)
{
	struct ltd_settings s = settings_of(&with_options, NULL, 0);
	bool is_refused = false;

	s.is_refused = &is_refused;
	ck_assert_int_eq(ltd_refuse(&s, "two\nlines and %d", 5), -1);
	ck_assert(is_refused);
	ck_assert_str_eq(support_log(), "t.ini:12: [route /api]: app greeter: two?lines and 5\n");
}
END_TEST

static const char *refused_by_workload(const char *max_ms)
{
	struct route_setting given[] = { given_at(13, "max_ms", max_ms) };
	struct conf conf = { .routes = &route, .route_count = 1, .file = (char *)"t.ini" };
	struct mounts m;

	settings_of(NULL, given, 1);
	route.app = (char *)"workload";
	ck_assert_int_eq(mounts_open(&m, &conf), -1);
	return support_log();
}

START_TEST(an_app_refuses_a_value)
{
	ck_assert_str_eq(refused_by_workload("soon"),
			 "t.ini:12: [route /api]: app workload: max_ms = soon: "
			 "not a number from 0 to 60000\n");
	ck_assert_ptr_nonnull(strstr(refused_by_workload("60001"), "max_ms = 60001"));
	ck_assert_ptr_nonnull(strstr(refused_by_workload("-1"), "max_ms = -1"));
	ck_assert_ptr_nonnull(strstr(refused_by_workload("nan"), "max_ms = nan"));
	ck_assert_ptr_nonnull(strstr(refused_by_workload(""), "max_ms = : not"));
}
END_TEST

START_TEST(an_app_that_fails_silently_still_gets_a_line)
{
	const char *app = support_compile(
		"silent",
		"static int no(const struct ltd_settings *s, void **t)\n"
		"{ (void)s; (void)t; return 1; }\n"
		"static const struct ltd_route routes[] = { { \"/\", 0, 0, say_path }, { 0 } };\n"
		"LTD_APP = { .abi = LTD_ABI, .name = \"silent\", .routes = routes,\n"
		"	.configure = no };\n");
	struct conf conf = { .routes = &route, .route_count = 1, .file = (char *)"t.ini" };
	struct mounts m;

	settings_of(NULL, NULL, 0);
	route.app = (char *)(uintptr_t)app;
	ck_assert_int_eq(mounts_open(&m, &conf), -1);
	ck_assert_str_eq(
		support_log(),
		"t.ini:12: [route /api]: app silent: refuses its settings and does not say why\n");
}
END_TEST

UNIT_SUITE_OF(settings, values_and_fallbacks, an_unknown_key_is_refused_with_line_and_nearest_name,
	      a_key_of_an_app_without_options_is_refused, a_key_given_twice_is_refused,
	      an_argument_is_the_option_of_that_name, an_argument_no_app_asked_for_is_refused,
	      an_argument_given_twice_is_refused, a_refusal_is_one_line_whatever_the_app_says,
	      an_app_refuses_a_value, an_app_that_fails_silently_still_gets_a_line)
