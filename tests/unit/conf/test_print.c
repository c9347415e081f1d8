/* What is printed: complete, and read back as the same configuration. */
#include "conf/print.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "conf/cli.h"
#include "probe.h"
#include "unit.h"

static struct probe before, again;

static void assert_same_options(const struct options *a, const struct options *b)
{
	for (unsigned id = 0; id < OPTIONS; id++) {
		struct buf x, y;

		buf_init(&x, 65536);
		buf_init(&y, 65536);
		options_print_value(a, id, &x);
		options_print_value(b, id, &y);
		ck_assert_msg(slice_eq(buf_slice(&x), buf_slice(&y)), "%s: %.*s and %.*s",
			      option_rows[id].name, (int)x.len, x.at, (int)y.len, y.at);
		buf_fini(&x);
		buf_fini(&y);
	}
}

static void assert_same_routes(const struct conf *a, const struct conf *b)
{
	ck_assert_uint_eq(a->route_count, b->route_count);
	for (size_t i = 0; i < a->route_count; i++) {
		const struct route_conf *x = &a->routes[i], *y = &b->routes[i];

		ck_assert_str_eq(x->prefix, y->prefix);
		ck_assert_str_eq(x->app, y->app);
		ck_assert_uint_eq(x->setting_count, y->setting_count);
		for (size_t j = 0; j < x->setting_count; j++) {
			ck_assert_str_eq(x->settings[j].name, y->settings[j].name);
			ck_assert_str_eq(x->settings[j].value, y->settings[j].value);
		}
	}
}

static void assert_reads_back(void)
{
	ck_assert_msg(before.verdict == CONF_DONE, "%s", before.err);
	probe_load(&again, before.out, WORDS(), WORDS());
	ck_assert_msg(again.verdict == CONF_SERVE, "%s", again.err);
	assert_same_options(before.conf.options, again.conf.options);
	assert_same_routes(&before.conf, &again.conf);
	probe_fini(&again);
	probe_fini(&before);
}

START_TEST(the_printed_configuration_reads_back)
{
	static const char file[] =
		"[littled]\nbind = :1, [::1]:2\nbind = unix:/a b\nkeep_alive = 1.0000015\n"
		"access_logformat = %(h)s ; # = \"%(r)s\" [x]\n"
		"[route /a]\napp = one:x=1\nkey = ; v # w\nempty =\n[route /]\napp = two\n";

	probe_load(&before, file, WORDS("LITTLED_THREADS=7", "PORT=1"),
		   WORDS("--print-config", "-w3", "--no-statistics", "-n", " = ; x "));
	ck_assert_ptr_nonnull(strstr(before.out, "# environment: LITTLED_THREADS\nthreads = 7\n"));
	ck_assert_ptr_nonnull(strstr(before.out, "# command line\nworkers = 3\n"));
	ck_assert_ptr_nonnull(strstr(before.out, "# file: line 4\nkeep_alive = 1000001500ns\n"));
	ck_assert_ptr_nonnull(strstr(before.out, "# default\nbacklog = 2048\n"));
	assert_reads_back();

	probe_load(&before, NULL, WORDS("PORT=81"), WORDS("--print-config", "app"));
	ck_assert_ptr_nonnull(strstr(before.out, "# environment: PORT\nbind = 0.0.0.0:81\n"));
	assert_reads_back();
}
END_TEST

/* A file's empty value takes away what a lower source gave, and is kept so when printed. */
START_TEST(an_empty_value_is_none)
{
	probe_load(&before, "[littled]\npid =\nadmin_bind =\n[route /]\napp = a\n",
		   WORDS("LITTLED_PID=/x", "LITTLED_ADMIN_BIND=:1"), WORDS("--print-config"));
	ck_assert_ptr_null(before.conf.options->pid);
	ck_assert_ptr_null(before.conf.options->admin_bind);
	assert_reads_back();
}
END_TEST

START_TEST(printing_needs_nothing_to_serve)
{
	probe_load(&before, NULL, WORDS(), WORDS("--print-config"));
	ck_assert_int_eq(before.verdict, CONF_DONE);
	probe_fini(&before);
}
END_TEST

/* "#key = value" becomes "key = value"; "# words" stay a comment. */
static void take_marks_away(char *text)
{
	char *to = text;

	for (char *from = text; *from; from++)
		if (*from != '#' || from[1] == ' ' || from[1] == '\n' ||
		    (from > text && from[-1] != '\n'))
			*to++ = *from;
	*to = '\0';
}

START_TEST(the_sample_file_is_made_of_the_defaults)
{
	static char sample[PROBE_BYTES];

	probe_load(&before, NULL, WORDS(), WORDS("--print-reference", "example"));
	ck_assert_int_eq(before.verdict, CONF_DONE);
	memcpy(sample, before.out, sizeof sample);
	probe_fini(&before);

	probe_load(&before, sample, WORDS(), WORDS());
	ck_assert_msg(before.verdict == CONF_SERVE, "%s", before.err);
	take_marks_away(sample);
	probe_load(&again, sample, WORDS(), WORDS());
	ck_assert_msg(again.verdict == CONF_SERVE, "%s", again.err);
	for (unsigned id = 0; id < OPTIONS; id++)
		ck_assert_int_eq(again.conf.options->from[id].origin, ORIGIN_FILE);
	assert_same_options(before.conf.options, again.conf.options);
	probe_fini(&again);
	probe_fini(&before);
}
END_TEST

static void assert_holds(const char *text, const char *before_it, const char *word)
{
	char whole[128];

	snprintf(whole, sizeof whole, "%s%s", before_it, word);
	ck_assert_msg(strstr(text, whole) != NULL, "no \"%s\"", whole);
}

START_TEST(help_and_reference_name_every_option)
{
	probe_load(&before, NULL, WORDS(), WORDS("-h"));
	ck_assert_int_eq(before.verdict, CONF_DONE);
	probe_load(&again, NULL, WORDS(), WORDS("--print-reference=markdown"));
	ck_assert_int_eq(again.verdict, CONF_DONE);
	for (unsigned id = 0; id < OPTIONS; id++) {
		bool is_switch = option_rows[id].type == TYPE_SWITCH;

		assert_holds(before.out, is_switch ? "--[no-]" : "--", option_rows[id].flag);
		assert_holds(again.out, "| `", option_rows[id].name);
		assert_holds(again.out, "`--", option_rows[id].flag);
	}
	for (unsigned i = 0; i < ACTIONS; i++)
		if (action_rows[i].help)
			assert_holds(before.out, "--", action_rows[i].flag);
	probe_fini(&again);
	probe_fini(&before);
}
END_TEST

START_TEST(lines_of_the_help_are_not_too_long)
{
	probe_load(&before, NULL, WORDS(), WORDS("--help"));
	for (const char *line = before.out; *line;) {
		size_t len = strcspn(line, "\n");

		ck_assert_msg(len <= PRINT_COLUMNS, "%.*s", (int)len, line);
		line += len + (line[len] == '\n');
	}
	probe_fini(&before);
}
END_TEST

START_TEST(a_full_output_is_an_error)
{
	FILE *full = fopen("/dev/full", "w");

	ck_assert_ptr_nonnull(full);
	ck_assert_int_lt(print_help(full), 0);
	fclose(full);
}
END_TEST

UNIT_SUITE_OF(print, the_printed_configuration_reads_back, an_empty_value_is_none,
	      printing_needs_nothing_to_serve, the_sample_file_is_made_of_the_defaults,
	      help_and_reference_name_every_option, lines_of_the_help_are_not_too_long,
	      a_full_output_is_an_error)
