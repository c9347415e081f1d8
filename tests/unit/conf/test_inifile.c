/* The file's syntax, its sections, and every way to get them wrong. */
#include "conf/inifile.h"

#include <stdio.h>
#include <stdlib.h>

#include "probe.h"
#include "unit.h"

static struct probe p;

static void load(const char *file)
{
	probe_load(&p, file, WORDS(), WORDS());
}

static const struct {
	const char *file, *start, *why;
} refused[] = {
	{ "workers = 5\n", "%s:1: workers: ", "before any section" },
	{ "[littled]\nwrokers = 5\n", "%s:2: unknown key wrokers; ", "did you mean workers?" },
	{ "[littled]\nxyzzy = 5\n", "%s:2: unknown key xyzzy\n", "" },
	{ "[littled]\n\n# five\nworkers = five\n", "%s:4: workers = five: ", "from 1 to 1024" },
	{ "[littled]\r\nworkers = five\r\n", "%s:2: workers = five: ", "from 1 to 1024" },
	{ "[littled]\nworkers = 5\nworkers = 6\n", "%s:3: workers: ", "first on line 2" },
	{ "[littled]\nkeep-alive = 5\nkeep_alive = 6\n", "%s:3: keep_alive: ", "first on line 2" },
	{ "[littled]\nworkers\n", "%s:2: ", "expected key = value" },
	{ "[littled]\n= 5\n", "%s:2: ", "expected key = value" },
	{ "[littled]\nname = a\n  more\n", "%s:3: ", "no continuation lines" },
	{ "[littled]\nname = a\n\tworkers = 5\n", "%s:3: ", "no continuation lines" },
	{ "[littled]\nname = a\033b\n", "%s:2: ", "control byte" },
	{ "[littled\nworkers = 5\n", "%s:1: ", "expected ]" },
	{ "[littled] # all\n", "%s:1: ", "expected ]" },
	{ "[littled x]\n", "%s:1: ", "expected [littled] alone" },
	{ "[litled]\n", "%s:1: unknown section [litled]; ", "did you mean [littled]?" },
	{ "[rout /x]\n", "%s:1: unknown section [rout]; ", "did you mean [route /x]?" },
	{ "[http]\n", "%s:1: unknown section [http]; ", "expected [littled] or [route PREFIX]" },
	{ "[]\n", "%s:1: unknown section []; ", "expected [littled]" },
	{ "[route]\napp = a\n", "%s:1: ", "expected [route PREFIX]" },
	{ "[route x]\napp = a\n", "%s:1: ", "expected [route PREFIX]" },
	{ "[route /a b]\napp = a\n", "%s:1: ", "expected [route PREFIX]" },
	{ "[route /a?b]\napp = a\n", "%s:1: ", "expected [route PREFIX]" },
	{ "[littled]\n[route /x]\nms = 1\n", "%s:2: ", "[route /x] has no app" },
	{ "[route /x]\napp =\n", "%s:2: app: ", "expected a built-in app" },
	{ "[route /x]\napp = a\napp = b\n", "%s:3: app: ", "given twice" },
	{ "[route /x]\napp = a\nk = 1\nk = 2\n", "%s:4: k: ", "first on line 3" },
	{ "[route /x]\napp = a\n[route /x/]\napp = b\n", "%s:3: ", "there already, on line 1" },
	{ "", "nothing to serve: ", "littled workload" },
	{ "[littled]\nworkers = 5\n", "nothing to serve: ", "[route /]" },
};

START_TEST(each_mistake_is_refused_where_it_is)
{
	load(refused[_i].file);
	probe_assert_refused(&p, refused[_i].start, refused[_i].why);
	probe_fini(&p);
}
END_TEST

START_TEST(routes_keep_their_keys_and_lines)
{
	load("[littled]\nworkers: 5\n\n[route /]\napp = workload\n"
	     "; a comment\n[route /files]\nroot = /srv ; really\napp=./static.so:x\n"
	     "[littled]\nthreads = 8\n");
	ck_assert_msg(p.verdict == CONF_SERVE, "%s", p.err);
	ck_assert_uint_eq(p.conf.options->workers, 5);
	ck_assert_uint_eq(p.conf.options->threads, 8);
	ck_assert_uint_eq(p.conf.options->from[OPTION_threads].line, 11);
	ck_assert_str_eq(p.conf.file, p.path);
	ck_assert_uint_eq(p.conf.route_count, 2);
	ck_assert_str_eq(p.conf.routes[0].prefix, "/");
	ck_assert_str_eq(p.conf.routes[0].app, "workload");

	const struct route_conf *files = &p.conf.routes[1];
	ck_assert_str_eq(files->prefix, "/files");
	ck_assert_str_eq(files->app, "./static.so:x");
	ck_assert_uint_eq(files->line, 7);
	ck_assert_uint_eq(files->setting_count, 1);
	ck_assert_str_eq(files->settings[0].name, "root");
	ck_assert_str_eq(files->settings[0].value, "/srv ; really");
	ck_assert_uint_eq(files->settings[0].line, 8);
	probe_fini(&p);
}
END_TEST

START_TEST(a_long_section_name_is_whole)
{
	char file[512], prefix[201];

	memset(prefix, 'a', 200);
	prefix[0] = '/';
	prefix[200] = '\0';
	snprintf(file, sizeof file, "[route %s]\napp = workload\n", prefix);
	load(file);
	ck_assert_int_eq(p.verdict, CONF_SERVE);
	ck_assert_str_eq(p.conf.routes[0].prefix, prefix);
	probe_fini(&p);
}
END_TEST

/* "[route /]", and then a line of that many bytes. */
static void load_line_of(size_t bytes, const char *start, const char *end)
{
	static char file[INIFILE_BYTES_MAX + 1024];
	size_t at = (size_t)snprintf(file, sizeof file, "[route /]\napp = workload\n%s", start);

	memset(file + at, 'x', bytes - strlen(start));
	at += bytes - strlen(start);
	snprintf(file + at, sizeof file - at, "%s", end);
	load(file);
}

START_TEST(a_line_too_long_is_refused_not_cut)
{
	load_line_of(INIFILE_LINE_BYTES_MAX, "# ", "\n");
	ck_assert_int_eq(p.verdict, CONF_SERVE);
	probe_fini(&p);
	load_line_of(INIFILE_LINE_BYTES_MAX + 1, "# ", "\n");
	probe_assert_refused(&p, "%s:3: ", "longer than 16384 bytes");
	probe_fini(&p);
	load_line_of(INIFILE_LINE_BYTES_MAX + 1, "k = ", "");
	probe_assert_refused(&p, "%s:3: ", "longer than 16384 bytes");
	probe_fini(&p);
}
END_TEST

START_TEST(a_value_longer_than_inihs_own_limit_is_whole)
{
	load_line_of(4 + VALUE_BYTES_MAX, "k = ", "\n");
	ck_assert_int_eq(p.verdict, CONF_SERVE);
	ck_assert_uint_eq(strlen(p.conf.routes[0].settings[0].value), VALUE_BYTES_MAX);
	probe_fini(&p);
	load_line_of(5 + VALUE_BYTES_MAX, "k = ", "\n");
	probe_assert_refused(&p, "%s:3: k = xxx", "longer than 8000 bytes");
	probe_fini(&p);
}
END_TEST

START_TEST(a_file_too_large_is_refused)
{
	static char file[INIFILE_BYTES_MAX + 8192];

	memset(file, '\n', sizeof file - 1);
	load(file);
	probe_assert_refused(&p, "%s: ", "File too large");
	probe_fini(&p);
}
END_TEST

START_TEST(byte_order_mark_and_line_ends_of_others_are_taken)
{
	load("\xef\xbb\xbf[littled]\r\nworkers = 5\r\n\r\n[route /]\r\napp = workload");
	ck_assert_msg(p.verdict == CONF_SERVE, "%s", p.err);
	ck_assert_uint_eq(p.conf.options->workers, 5);
	ck_assert_str_eq(p.conf.routes[0].app, "workload");
	probe_fini(&p);
}
END_TEST

START_TEST(a_nul_byte_is_refused)
{
	static const char file[] = "[littled]\nworkers = 5\0 0\n";

	probe_load_bytes(&p, file, sizeof file - 1, WORDS(), WORDS("workload"));
	probe_assert_refused(&p, "%s:2: ", "control byte");
	probe_fini(&p);
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_refused)
{
	probe_load(&p, NULL, WORDS(), WORDS("workload", "-c", "/nowhere/x.ini"));
	probe_assert_refused(&p, "/nowhere/x.ini: cannot read", "No such file");
	probe_fini(&p);
	probe_load(&p, NULL, WORDS("LITTLED_CONFIG=/"), WORDS("workload"));
	probe_assert_refused(&p, "/: cannot read", "Is a directory");
	probe_fini(&p);
	probe_load(&p, NULL, WORDS("LITTLED_CONFIG="), WORDS("workload"));
	probe_assert_refused(&p, "LITTLED_CONFIG=: ", "expected the path");
	probe_fini(&p);
}
END_TEST

/* Cut anywhere, a file is taken or refused in one line. */
START_TEST(a_file_cut_short_gets_one_line_at_most)
{
	static const char file[] = "[littled]\nworkers = 5\nbind = :80, [::1]:81\n"
				   "[route /]\napp = workload\nms = 1\n";

	for (size_t len = 0; len < sizeof file - 1; len++) {
		probe_load_bytes(&p, file, len, WORDS(), WORDS());
		if (p.verdict != CONF_SERVE)
			probe_assert_refused(&p, "", "");
		probe_fini(&p);
	}
}
END_TEST

UNIT_SUITE(inifile)
Suite *suite_inifile(void)
{
	const TTest *const tests[] = {
		routes_keep_their_keys_and_lines,
		a_long_section_name_is_whole,
		a_line_too_long_is_refused_not_cut,
		a_value_longer_than_inihs_own_limit_is_whole,
		a_file_too_large_is_refused,
		byte_order_mark_and_line_ends_of_others_are_taken,
		a_nul_byte_is_refused,
		a_file_that_cannot_be_read_is_refused,
		a_file_cut_short_gets_one_line_at_most,
	};
	Suite *s = unit_suite("inifile", tests, sizeof tests / sizeof *tests);
	TCase *mistakes = tcase_create("mistakes");

	tcase_add_loop_test(mistakes, each_mistake_is_refused_where_it_is, 0,
			    sizeof refused / sizeof *refused);
	suite_add_tcase(s, mistakes);
	return s;
}
