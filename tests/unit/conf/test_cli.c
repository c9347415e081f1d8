/* The command line: spellings, places, mistakes, and what APP does. */
#include "conf/cli.h"

#include <stdlib.h>

#include <littled/version.h>

#include "probe.h"
#include "unit.h"

static struct probe p;

static void load(const char *const *arguments)
{
	probe_load(&p, NULL, WORDS(), arguments);
}

START_TEST(spellings_and_places_do_not_matter)
{
	const char *const *const lines[] = {
		WORDS("-w", "5", "-D", "app"),
		WORDS("-Dw5", "app"),
		WORDS("app", "-w5", "-D"),
		WORDS("--workers", "5", "app", "--daemon"),
		WORDS("--workers=5", "--daem", "app"),
		WORDS("-w3", "-Dw5", "--", "app"),
		WORDS("--no-daemon", "-w7", "app", "-w5", "--daemon"),
	};

	for (unsigned i = 0; i < sizeof lines / sizeof *lines; i++) {
		load(lines[i]);
		ck_assert_msg(p.verdict == CONF_SERVE, "%s", p.err);
		ck_assert_uint_eq(p.conf.options->workers, 5);
		ck_assert(p.conf.options->daemon);
		ck_assert_uint_eq(p.conf.route_count, 1);
		ck_assert_str_eq(p.conf.routes[0].app, "app");
		probe_fini(&p);
	}
}
END_TEST

START_TEST(flags_of_other_servers_are_told_what_to_do)
{
	load(WORDS("app", "-k", "gthread"));
	probe_assert_refused(&p, "unknown flag -k; ", "one kind of worker");
	probe_fini(&p);
	load(WORDS("app", "--worker-class=gthread"));
	probe_assert_refused(&p, "unknown flag --worker-class; ", "one kind of worker");
	probe_fini(&p);
	load(WORDS("app", "--processes", "4"));
	probe_assert_refused(&p, "unknown flag --processes; ", "it is workers here");
	probe_fini(&p);
	load(WORDS("app", "-q"));
	probe_assert_refused(&p, "unknown flag -q; ", "--help");
	probe_fini(&p);
}
END_TEST

START_TEST(flags_of_a_variable_go_between_the_file_and_the_line)
{
	const char *const *variable =
		WORDS("LITTLED_WORKERS=2", "LITTLED_CMD_ARGS=-w 4 --name 'a b' "
					   "--backlog 9 other");

	probe_load(&p, "[littled]\nworkers = 3\nbacklog = 8\n", variable,
		   WORDS("--backlog=10", "app"));
	ck_assert_msg(p.verdict == CONF_SERVE, "%s", p.err);
	ck_assert_str_eq(p.err, "");
	ck_assert_uint_eq(p.conf.options->workers, 4);
	ck_assert_uint_eq(p.conf.options->backlog, 10);
	ck_assert_str_eq(p.conf.options->name, "a b");
	ck_assert_str_eq(p.conf.routes[0].app, "app");
	probe_fini(&p);

	probe_load(&p, NULL, variable, WORDS("--print-config"));
	ck_assert_ptr_nonnull(strstr(p.out, "# environment: LITTLED_CMD_ARGS\nworkers = 4\n"));
	ck_assert_ptr_nonnull(strstr(p.out, "app = other\n"));
	probe_fini(&p);
}
END_TEST

START_TEST(what_is_wrong_in_the_variable_is_said)
{
	static const struct {
		const char *variable, *start, *why;
	} cases[] = {
		{ "LITTLED_CMD_ARGS=-w 0", "LITTLED_CMD_ARGS: --workers=0: ", "from 1 to 1024" },
		{ "LITTLED_CMD_ARGS=--wrokers=5", "LITTLED_CMD_ARGS: unknown flag --wrokers",
		  "--workers?" },
		{ "LITTLED_CMD_ARGS=a b", "LITTLED_CMD_ARGS: one APP at most", "\"a\" and \"b\"" },
		{ "LITTLED_CMD_ARGS=--name 'x", "LITTLED_CMD_ARGS: a quote", "belongs to it" },
		{ "LITTLED_CMD_ARGS=-Z", "LITTLED_CMD_ARGS: unknown flag -Z", "--help" },
	};

	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		probe_load(&p, NULL, WORDS(cases[i].variable), WORDS("app"));
		probe_assert_refused(&p, cases[i].start, cases[i].why);
		probe_fini(&p);
	}
}
END_TEST

START_TEST(the_last_of_two_flags_counts)
{
	load(WORDS("-w5", "--reuse-port", "app", "-w6", "--no-reuse-port"));
	ck_assert_uint_eq(p.conf.options->workers, 6);
	ck_assert(!p.conf.options->reuse_port);
	probe_fini(&p);
}
END_TEST

START_TEST(field_size_has_two_spellings)
{
	load(WORDS("app", "--limit-request-field_size", "100"));
	ck_assert_uint_eq(p.conf.options->limit_request_field_size, 100);
	probe_fini(&p);
	load(WORDS("app", "--limit-request-field-size=101"));
	ck_assert_uint_eq(p.conf.options->limit_request_field_size, 101);
	probe_fini(&p);
}
END_TEST

static const struct {
	const char *const arguments[4];
	const char *start, *why;
} refused[] = {
	{ { "--wrokers", "5", "app" }, "unknown flag --wrokers; ", "did you mean --workers?" },
	{ { "--wrokers=5", "app" }, "unknown flag --wrokers; ", "did you mean --workers?" },
	{ { "--no-demon", "app" }, "unknown flag --no-demon; ", "did you mean --no-daemon?" },
	{ { "--xyzzyxyzzy", "app" }, "unknown flag --xyzzyxyzzy\n", "" },
	{ { "-x", "app" }, "unknown flag -x; ", "--help" },
	{ { "-Dx", "app" }, "unknown flag -x; ", "--help" },
	{ { "--work=5", "app" }, "flag --work may mean ", "--workers or --worker-connections" },
	{ { "app", "-w" }, "--workers: ", "expected a value" },
	{ { "app", "--config" }, "--config: ", "expected a value" },
	{ { "app", "--daemon=yes" }, "--daemon: ", "takes no value" },
	{ { "app", "--no-daemon=yes" }, "--no-daemon: ", "takes no value" },
	{ { "app", "--help=yes" }, "--help: ", "takes no value" },
	{ { "app", "-wx" }, "--workers=x: ", "from 1 to 1024" },
	{ { "one", "two" }, "one APP at most", "\"one\" and \"two\"" },
	{ { "--", "one", "-w5" }, "one APP at most", "\"one\" and \"-w5\"" },
	{ { "" }, "APP \"\": ", "expected a built-in app" },
	{ { " app" }, "APP \" app\": ", "expected a built-in app" },
	{ { "a\nb" }, "APP \"a\\x0ab\": ", "expected a built-in app" },
	{ { "-n", "a\nb", "app" }, "--name=a\\x0ab: ", "without control bytes" },
	{ { "-c", "a\nb", "app" }, "--config=a\\x0ab: ", "expected the path" },
	{ { "--print-reference", "html" }, "--print-reference=html: ", "example, markdown, " },
	{ { "--print-config", "-w0" }, "--workers=0: ", "from 1 to 1024" },
	{ { "--check-config" }, "nothing to serve", "littled workload" },
	{ { NULL }, "nothing to serve", "littled workload" },
};

START_TEST(each_mistake_is_refused)
{
	load(refused[_i].arguments);
	probe_assert_refused(&p, refused[_i].start, refused[_i].why);
	probe_fini(&p);
}
END_TEST

START_TEST(app_takes_the_place_of_the_root_route)
{
	static const char file[] = "[route /a]\napp = one\n[route /]\napp = two\nkey = 1\n"
				   "[route /b]\napp = three\n";

	probe_load(&p, file, WORDS(), WORDS("./mine.so:argument"));
	ck_assert_int_eq(p.verdict, CONF_SERVE);
	ck_assert_uint_eq(p.conf.route_count, 3);
	ck_assert_str_eq(p.conf.routes[0].prefix, "/a");
	ck_assert_str_eq(p.conf.routes[1].prefix, "/b");
	ck_assert_str_eq(p.conf.routes[2].prefix, "/");
	ck_assert_str_eq(p.conf.routes[2].app, "./mine.so:argument");
	ck_assert_uint_eq(p.conf.routes[2].setting_count, 0);
	ck_assert_uint_eq(p.conf.routes[2].line, 0);
	probe_fini(&p);
}
END_TEST

START_TEST(actions_give_their_verdicts)
{
	load(WORDS("--check-config", "app"));
	ck_assert_int_eq(p.verdict, CONF_CHECK);
	probe_fini(&p);
	load(WORDS("--version"));
	ck_assert_int_eq(p.verdict, CONF_DONE);
	ck_assert_str_eq(p.out, "littled " LTD_VERSION "\n");
	probe_fini(&p);
}
END_TEST

/* Neither may change what a flag means, nor where it may stand. */
START_TEST(the_rest_of_the_environment_is_not_looked_at)
{
	setenv("POSIXLY_CORRECT", "1", 1);
	probe_load(&p, NULL, WORDS("HOME=/x", "POSIXLY_CORRECT=1"), WORDS("app", "-w5"));
	ck_assert_uint_eq(p.conf.options->workers, 5);
	probe_fini(&p);
}
END_TEST

START_TEST(no_arguments_at_all_are_no_crash)
{
	probe_load_nothing(&p);
	probe_assert_refused(&p, "nothing to serve", "");
	probe_fini(&p);
}
END_TEST

UNIT_SUITE(cli)
Suite *suite_cli(void)
{
	const TTest *const tests[] = {
		spellings_and_places_do_not_matter,
		the_last_of_two_flags_counts,
		field_size_has_two_spellings,
		app_takes_the_place_of_the_root_route,
		actions_give_their_verdicts,
		the_rest_of_the_environment_is_not_looked_at,
		no_arguments_at_all_are_no_crash,
		flags_of_a_variable_go_between_the_file_and_the_line,
		what_is_wrong_in_the_variable_is_said,
		flags_of_other_servers_are_told_what_to_do,
	};
	Suite *s = unit_suite("cli", tests, sizeof tests / sizeof *tests);
	TCase *mistakes = tcase_create("mistakes");

	tcase_add_loop_test(mistakes, each_mistake_is_refused, 0, sizeof refused / sizeof *refused);
	suite_add_tcase(s, mistakes);
	return s;
}
