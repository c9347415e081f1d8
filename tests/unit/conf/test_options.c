/* Every option, by every source: taken, refused, and which source goes before which. */
#include "conf/options.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/cpus.h"
#include "conf/environment.h"
#include "probe.h"
#include "unit.h"

static struct probe p;

/*
 * One value for each type that is no option's default; %llu is the row's upper bound.  Switches and
 * choices take theirs from the row.
 */
static const char *const good[TYPES] = {
	[TYPE_COUNT] = "%llu",
	[TYPE_SIZE] = "64k",
	[TYPE_DURATION] = "250ms",
	[TYPE_AUTO_COUNT] = "%llu",
	[TYPE_TEXT] = "other words",
	[TYPE_PATH] = "/nowhere/file",
	[TYPE_ADDRESS] = "[::1]:9",
	[TYPE_ADDRESSES] = "unix:/nowhere/socket",
	[TYPE_NETWORKS] = "10.0.0.0/8, ::1, *",
	[TYPE_NAME] = "www-data",
	[TYPE_MODE] = "0027",
	[TYPE_VARIABLES] = "A_1=b, c=d",
	[TYPE_WORDS] = "/srv/a b, c",
	[TYPE_MEDIA] = "text/html image/*",
};

#define BAD_MAX 12
#define LONG_PATH \
	"unix:/12345678901234567890123456789012345678901234567890123456789012345678901234567890" \
	"123456789012345678901234567"
static const char *const bad[TYPES][BAD_MAX] = {
	[TYPE_COUNT] = { "", "many", "-1", "+1", "1.5", "0x10", "5 ; five", "5k",
			 "99999999999999999999" },
	[TYPE_AUTO_COUNT] = { "", "many", "-1", "0", "automatic", "5k", "99999999999999999999" },
	[TYPE_SIZE] = { "", "k", "1x", "-1", "1.5m", "1 m", "2000g", "99999999999999999999g" },
	[TYPE_DURATION] = { "", "soon", "-1", "1e3", "2 s", "2d", ".5", "1.", "25h", "0.0000000001",
			    "99999999999999999999" },
	[TYPE_SWITCH] = { "", "maybe", "2", "truee" },
	[TYPE_CHOICE] = { "", "loud", "1", "debug|info" },
	[TYPE_TEXT] = { "", "a\033b" },
	[TYPE_PATH] = { "a\033b" },
	[TYPE_ADDRESS] = { "localhost", "8000", "::1:80", "[::1]80", "[::1", "[zz]:80", "1.2.3:80",
			   "127.0.0.1:65536", "unix:", "a b:80", LONG_PATH },
	[TYPE_ADDRESSES] = { "", ",", "127.0.0.1:1,", "127.0.0.1:-1", "host:", "tcp://127.0.0.1:80",
			     "127.0.0.1:80 :81", LONG_PATH },
	[TYPE_MEDIA] = { "", ",", "text", "text/", "*/*", "text/html;q=1", "a/b, c d" },
	[TYPE_NETWORKS] = { ",", "localhost", "127.0.0.1,", "10.0.0.0/33", "::/129", "10.0.0.0/",
			    "10.0.0.0/-1", "[::1]", "127.0.0.1:80", "unix:/x", "::1%lo" },
	[TYPE_NAME] = { "-root", "a b", "a:b", "a\033b" },
	[TYPE_MODE] = { "", "none", "8", "1000", "00777", "-1", "0x1f", "u=rw" },
	[TYPE_WORDS] = { ",", "a,", ",a", "a,,b", "a\033" },
	[TYPE_VARIABLES] = { "A", "=b", "1A=b", "A B=c", "A-B=c", "A=\033" },
};

static void other_choice(const struct option_row *row, char text[64])
{
	struct ltd_slice rest = slice_of_string(row->argument), word;

	while (slice_cut(&rest, '|', &word))
		if (!slice_eq(word, slice_of_string(row->fallback)))
			snprintf(text, 64, "%.*s", (int)word.len, word.at);
}

static void good_value(unsigned id, char text[64])
{
	const struct option_row *row = &option_rows[id];
	const char *form = good[row->type];

	if (row->type == TYPE_SWITCH)
		form = strcmp(row->fallback, "true") == 0 ? "false" : "true";
	if (row->type == TYPE_CHOICE)
		other_choice(row, text);
	else if (strcmp(form, "%llu") == 0)
		snprintf(text, 64, "%llu", (unsigned long long)row->high);
	else
		snprintf(text, 64, "%s", form);
}

static void assert_taken(unsigned id, const char *value, enum origin origin)
{
	struct buf printed;

	ck_assert_msg(p.verdict == CONF_SERVE, "%s = %s: %s", option_rows[id].name, value, p.err);
	ck_assert_str_eq(p.err, "");
	buf_init(&printed, 65536);
	options_print_value(p.conf.options, id, &printed);
	ck_assert_msg(slice_eq(buf_slice(&printed), slice_of_string(value)), "%s: %.*s, expected %s",
		      option_rows[id].name, (int)printed.len, printed.at, value);
	ck_assert_int_eq(p.conf.options->from[id].origin, origin);
	buf_fini(&printed);
}

static void load_by_file(unsigned id, const char *value)
{
	char file[512];

	snprintf(file, sizeof file, "[littled]\n%s = %s\n", option_rows[id].name, value);
	probe_load(&p, file, WORDS(), WORDS("workload"));
}

static void load_by_environment(unsigned id, const char *value)
{
	char variable[VARIABLE_BYTES], entry[512];

	option_variable(option_rows[id].name, variable);
	snprintf(entry, sizeof entry, "%s=%s", variable, value);
	probe_load(&p, NULL, WORDS(entry), WORDS("workload"));
}

static void load_by_flag(unsigned id, const char *value)
{
	char flag[512];
	const char *no = strcmp(value, "false") == 0 ? "no-" : "";

	if (option_rows[id].type == TYPE_SWITCH)
		snprintf(flag, sizeof flag, "--%s%s", no, option_rows[id].flag);
	else
		snprintf(flag, sizeof flag, "--%s=%s", option_rows[id].flag, value);
	probe_load(&p, NULL, WORDS(), WORDS(flag, "workload"));
}

static void load_by_letter(unsigned id, const char *value)
{
	char flag[512];

	snprintf(flag, sizeof flag, "-%c%s", option_rows[id].letter,
		 option_rows[id].type == TYPE_SWITCH ? "" : value);
	probe_load(&p, NULL, WORDS(), WORDS(flag, "workload"));
}

START_TEST(every_option_is_taken_from_every_source)
{
	for (unsigned id = 0; id < OPTIONS; id++) {
		char value[64];

		good_value(id, value);
		load_by_file(id, value);
		assert_taken(id, value, ORIGIN_FILE);
		probe_fini(&p);
		load_by_environment(id, value);
		assert_taken(id, value, ORIGIN_ENVIRONMENT);
		probe_fini(&p);
		load_by_flag(id, value);
		assert_taken(id, value, ORIGIN_COMMAND_LINE);
		probe_fini(&p);
		if (!option_rows[id].letter)
			continue;
		load_by_letter(id, value);
		assert_taken(id, value, ORIGIN_COMMAND_LINE);
		probe_fini(&p);
	}
}
END_TEST

static void assert_refused_everywhere(unsigned id, const char *value)
{
	const struct option_row *row = &option_rows[id];
	char start[VARIABLE_BYTES + 8];

	load_by_file(id, value);
	probe_assert_refused(&p, "%s:2: ", "");
	probe_fini(&p);

	load_by_environment(id, value);
	option_variable(row->name, start);
	strncat(start, "=", 2);
	probe_assert_refused(&p, start, ": expected ");
	probe_fini(&p);

	if (row->type == TYPE_SWITCH)
		return;
	load_by_flag(id, value);
	snprintf(start, sizeof start, "--%s=", row->flag);
	probe_assert_refused(&p, start, ": expected ");
	probe_fini(&p);
}

START_TEST(every_bad_value_is_refused_by_every_source)
{
	for (unsigned id = 0; id < OPTIONS; id++)
		for (unsigned i = 0; i < BAD_MAX && bad[option_rows[id].type][i]; i++)
			assert_refused_everywhere(id, bad[option_rows[id].type][i]);
}
END_TEST

START_TEST(what_is_out_of_bounds_is_refused)
{
	for (unsigned id = 0; id < OPTIONS; id++) {
		const struct option_row *row = &option_rows[id];
		const char *unit = row->type == TYPE_DURATION ? "ns" : "";
		char value[64];

		if (row->type > TYPE_DURATION)
			continue;
		snprintf(value, sizeof value, "%llu%s", (unsigned long long)row->high + 1, unit);
		assert_refused_everywhere(id, value);
		snprintf(value, sizeof value, "%llu%s", (unsigned long long)row->low - 1, unit);
		if (row->low > 0)
			assert_refused_everywhere(id, value);
	}
}
END_TEST

START_TEST(every_bound_is_taken)
{
	for (unsigned id = 0; id < OPTIONS; id++) {
		const struct option_row *row = &option_rows[id];
		struct option_origin from = { .origin = ORIGIN_FILE };
		const char *unit = row->type == TYPE_DURATION ? "ns" : "";
		struct options *o = options_new();
		char value[64];

		if (row->type <= TYPE_DURATION) {
			snprintf(value, sizeof value, "%llu%s", (unsigned long long)row->low, unit);
			ck_assert_int_eq(options_set(o, id, value, from), 0);
			snprintf(value, sizeof value, "%llu%s", (unsigned long long)row->high, unit);
			ck_assert_int_eq(options_set(o, id, value, from), 0);
		}
		options_free(&o);
	}
}
END_TEST

START_TEST(the_defaults_are_those_of_the_table)
{
	probe_load(&p, NULL, WORDS(), WORDS("workload"));
	ck_assert_int_eq(p.verdict, CONF_SERVE);

	const struct options *o = p.conf.options;
	ck_assert_uint_eq(o->bind.count, 1);
	ck_assert_str_eq(o->bind.at[0], "127.0.0.1:8000");
	ck_assert_uint_eq(o->workers, 1);
	ck_assert_uint_eq(o->keep_alive_ns, 2000000000);
	ck_assert_uint_eq(o->promote_after_ns, 300000);
	ck_assert_uint_eq(o->limit_request_body, 1 << 20);
	ck_assert_int_eq(o->log_level, LTD_LOG_INFO);
	ck_assert(o->statistics && !o->daemon);
	ck_assert_ptr_null(o->admin_bind);
	ck_assert_ptr_null(p.conf.file);
	probe_fini(&p);
}
END_TEST

/* Workers from four sources, of which only the lowest `sources` speak. */
static uint64_t workers_from(unsigned sources)
{
	const char *const *environment = sources > 1 ? WORDS("LITTLED_WORKERS=2") : WORDS();
	const char *const *arguments = sources > 3 ? WORDS("workload", "-w4") : WORDS("workload");

	probe_load(&p, sources > 2 ? "[littled]\nworkers = 3\n" : NULL, environment, arguments);
	ck_assert_int_eq(p.verdict, CONF_SERVE);
	uint64_t workers = p.conf.options->workers;
	probe_fini(&p);
	return workers;
}

START_TEST(a_higher_source_goes_before_a_lower)
{
	for (unsigned sources = 1; sources <= 4; sources++)
		ck_assert_uint_eq(workers_from(sources), sources);
}
END_TEST

START_TEST(addresses_add_up_within_a_source_alone)
{
	probe_load(&p, "[littled]\nbind = :1, :2\nbind = :3\n", WORDS("PORT=4"), WORDS("workload"));
	ck_assert_uint_eq(p.conf.options->bind.count, 3);
	ck_assert_str_eq(p.conf.options->bind.at[2], ":3");
	probe_fini(&p);

	probe_load(&p, "[littled]\nbind = :1\n", WORDS(),
		   WORDS("workload", "-b", ":5", "--bind=:6"));
	ck_assert_uint_eq(p.conf.options->bind.count, 2);
	ck_assert_str_eq(p.conf.options->bind.at[0], ":5");
	ck_assert_str_eq(p.conf.options->bind.at[1], ":6");
	probe_fini(&p);
}
END_TEST

START_TEST(other_servers_variables_are_read)
{
	probe_load(&p, NULL, WORDS("PORT=8080", "WEB_CONCURRENCY=3"), WORDS("workload"));
	ck_assert_str_eq(p.conf.options->bind.at[0], "0.0.0.0:8080");
	ck_assert_uint_eq(p.conf.options->workers, 3);
	probe_fini(&p);

	probe_load(&p, NULL, WORDS("LITTLED_BIND=:1", "PORT=8080"), WORDS("workload"));
	ck_assert_uint_eq(p.conf.options->bind.count, 1);
	ck_assert_str_eq(p.conf.options->bind.at[0], ":1");
	probe_fini(&p);
}
END_TEST

START_TEST(other_servers_variables_are_refused_when_bad)
{
	static const char *const ports[] = { "", "http", "65536", "-1", "80:80" };

	for (unsigned i = 0; i < sizeof ports / sizeof *ports; i++) {
		char entry[64];

		snprintf(entry, sizeof entry, "PORT=%s", ports[i]);
		probe_load(&p, NULL, WORDS(entry), WORDS("workload"));
		probe_assert_refused(&p, entry, "expected a port");
		probe_fini(&p);
	}
	probe_load(&p, NULL, WORDS("WEB_CONCURRENCY=many"), WORDS("workload"));
	probe_assert_refused(&p, "WEB_CONCURRENCY=many: ", "from 1 to 1024");
	probe_fini(&p);
}
END_TEST

START_TEST(variables_add_up_and_are_printed_as_they_are_read)
{
	static const char file[] = "[littled]\nraw_env = A=1, 2\nraw_env = B==\n";

	probe_load(&p, file, WORDS("LITTLED_RAW_ENV=C=3"), WORDS("--print-config", "workload"));
	ck_assert_int_eq(p.verdict, CONF_DONE);
	ck_assert_ptr_nonnull(strstr(p.out, "\nraw_env = A=1, 2\nraw_env = B==\n"));
	ck_assert_ptr_null(strstr(p.out, "C=3"));
	probe_fini(&p);
	probe_load(&p, file, WORDS(), WORDS("-eD=4", "--env", "E=5", "workload"));
	ck_assert_uint_eq(p.conf.options->raw_env.count, 2);
	ck_assert_str_eq(p.conf.options->raw_env.at[1], "E=5");
	ck_assert_int_eq(environment_export(&p.conf.options->raw_env), 0);
	ck_assert_str_eq(getenv("D"), "4");
	probe_fini(&p);
}
END_TEST

START_TEST(auto_workers_are_counted_when_loaded)
{
	struct cpus cpus;

	cpus_read(&cpus);
	probe_load(&p, NULL, WORDS("WEB_CONCURRENCY=auto"), WORDS("workload"));
	ck_assert_int_eq(p.verdict, CONF_SERVE);
	ck_assert_uint_eq(p.conf.options->workers, cpus_usable(&cpus));
	probe_fini(&p);
	probe_load(&p, NULL, WORDS(), WORDS("--print-config", "--workers=auto", "workload"));
	ck_assert_ptr_nonnull(strstr(p.out, "# command line\nworkers = auto\n"));
	probe_fini(&p);
}
END_TEST

START_TEST(an_unknown_variable_is_warned_of)
{
	probe_load(&p, NULL, WORDS("LITTLED_WROKERS=5", "LITTLE=1"), WORDS("workload"));
	ck_assert_int_eq(p.verdict, CONF_SERVE);
	ck_assert_str_eq(p.err, "littled: LITTLED_WROKERS: unknown variable, ignored; "
				"did you mean LITTLED_WORKERS?\n");
	probe_fini(&p);
}
END_TEST

START_TEST(too_many_slots_are_refused)
{
	probe_load(&p, NULL, WORDS(), WORDS("workload", "-w", "1024", "--threads", "1024"));
	probe_assert_refused(&p, "workers = 1024 with threads = 1024", "65536 slots");
	probe_fini(&p);
}
END_TEST

START_TEST(any_value_can_be_copied)
{
	const struct option_origin from = { .origin = ORIGIN_FILE };
	struct options *a = options_new(), *b = options_new();
	struct buf x, y;

	ck_assert_int_eq(options_set(a, OPTION_bind, "127.0.0.1:1", from), 0);
	ck_assert_int_eq(options_set(a, OPTION_bind, "unix:/run/x", from), 0);
	ck_assert_int_eq(options_set(a, OPTION_pid, "/run/pid", from), 0);
	ck_assert_int_eq(options_set(b, OPTION_name, "other", from), 0);
	ck_assert_int_eq(options_set(b, OPTION_access_logfile, "/log", from), 0);
	for (unsigned id = 0; id < OPTIONS; id++) {
		buf_init(&x, VALUE_BYTES_MAX);
		buf_init(&y, VALUE_BYTES_MAX);
		ck_assert_int_eq(options_copy(b, a, id), 0);
		options_print_value(a, id, &x);
		options_print_value(b, id, &y);
		ck_assert_msg(slice_eq(buf_slice(&x), buf_slice(&y)), "%s", option_rows[id].name);
		buf_fini(&x);
		buf_fini(&y);
	}
	options_free(&a);
	options_free(&b);
}
END_TEST

UNIT_SUITE_OF(options, every_option_is_taken_from_every_source,
	      every_bad_value_is_refused_by_every_source, what_is_out_of_bounds_is_refused,
	      every_bound_is_taken, the_defaults_are_those_of_the_table,
	      a_higher_source_goes_before_a_lower, addresses_add_up_within_a_source_alone,
	      other_servers_variables_are_read, other_servers_variables_are_refused_when_bad,
	      variables_add_up_and_are_printed_as_they_are_read,
	      auto_workers_are_counted_when_loaded, an_unknown_variable_is_warned_of,
	      too_many_slots_are_refused, any_value_can_be_copied)
