/* `littled top`: its command line, and the lines it makes of the statistics. */
#include "cmd/top_view.h"

#include <errno.h>
#include <string.h>

#include "cmd/top_options.h"
#include "cmd/top_rows.h"
#include "unit.h"

static const char document[] =
	"{\"littled\":{\"version\":\"1.2\",\"pid\":77,\"uptime_s\":65,\"workers\":2,\"threads\":2,"
	"\"slots\":4},"
	"\"sentence\":\"4 RPS x 1 s = 4 in "
	"flight\",\"window_s\":10,\"throughput_rps\":4,\"utilisation\":0.5,"
	"\"concurrency\":{\"total\":4,\"waiting\":1},\"little\":{\"W_s\":1,\"residual\":0},"
	"\"phases\":{\"wait\":{\"p99_s\":0.0125},\"service\":{},\"total\":{}},\"connections\":{},"
	"\"totals\":{\"moves_in\":352,\"claims\":156,\"shed_delay\":7},"
	"\"workers\":["
	"{\"worker\":0,\"pid\":78,\"state\":\"ready\",\"served\":5,\"slots\":["
	"{\"state\":\"idle\",\"route\":null,\"age_s\":3},{\"state\":\"busy\",\"route\":\"/"
	"slow\",\"age_s\":12}]},"
	"{\"worker\":1,\"pid\":79,\"state\":\"ready\",\"served\":9,\"slots\":["
	"{\"state\":\"busy\",\"route\":\"/"
	"b\",\"age_s\":0.5},{\"state\":\"written_off\",\"route\":\"/x\",\"age_s\":99}]}],"
	"\"routes\":["
	"{\"route\":\"/a\",\"class\":\"slot\",\"rate\":1,\"wait\":{\"mean_s\":0.5}},"
	"{\"route\":\"/b\",\"class\":\"inline\",\"rate\":3,\"wait\":{\"mean_s\":0.25}}]}";

static struct top_view view;
static struct buf why;

static void make_of(const char *text, const struct top_choice *choice)
{
	buf_init(&why, 1000);
	top_view_init(&view);
	ck_assert_int_eq(top_view_make(&view, text, strlen(text), choice, &why), 0);
}

static void make(enum top_table table, const char *sort)
{
	make_of(document, &(struct top_choice){ .table = table, .sort = sort });
}

static void done(void)
{
	top_view_fini(&view);
	buf_fini(&why);
}

/* The n-th line below the table's head begins with this (blanks before it aside). */
static void check_row(unsigned n, const char *begins)
{
	const char *line = top_view_line(&view, view.fixed + n);

	line += strspn(line, " ");
	ck_assert_msg(strncmp(line, begins, strlen(begins)) == 0, "%s", line);
}

START_TEST(what_stands_above_the_table)
{
	make(TOP_ROUTES, NULL);
	ck_assert_ptr_nonnull(strstr(top_view_line(&view, 0), "2 workers x 2 threads = 4 slots"));
	ck_assert_str_eq(top_view_line(&view, 1), "4 RPS x 1 s = 4 in flight");
	ck_assert_ptr_nonnull(strstr(top_view_line(&view, 2), "utilisation 50%"));
	ck_assert_str_eq(top_view_line(&view, 5),
			 "since the start: moved 352, claims 156, shed 7, written off 0, lost 0");
	ck_assert_ptr_nonnull(strstr(top_view_line(&view, 7), "12.5ms"));
	done();
}
END_TEST

START_TEST(routes_by_any_column)
{
	make(TOP_ROUTES, NULL);
	check_row(0, "/b"); /* the busier one */
	check_row(1, "/a");
	done();
	make(TOP_ROUTES, "wait");
	check_row(0, "/a");
	done();
	make(TOP_ROUTES, "class");
	check_row(0, "/b"); /* inline before slot */
	done();
}
END_TEST

START_TEST(slots_by_age_and_by_place)
{
	make(TOP_SLOTS, NULL);
	ck_assert_uint_eq(view.count - view.fixed, 4);
	check_row(0, "1    1 written_off");
	check_row(1, "0    1 busy");
	done();
	make(TOP_SLOTS, "worker");
	check_row(0, "0    0 idle");
	check_row(3, "1    1 written_off");
	done();
}
END_TEST

START_TEST(what_is_idle_stands_last_and_what_is_old_is_hot)
{
	static const char text[] =
		"{\"littled\":{},\"routes\":[{\"route\":\"/a\",\"errors\":1},{\"route\":\"/"
		"b\",\"errors\":0}],\"workers\":["
		"{\"worker\":0,\"state\":\"ready\",\"heartbeat_age_s\":9,\"slots\":["
		"{\"state\":\"idle\",\"age_s\":900},{\"state\":\"busy\",\"age_s\":2}]},"
		"{\"worker\":1,\"state\":\"ready\",\"heartbeat_age_s\":0.1,\"slots\":["
		"{\"state\":\"busy\",\"age_s\":11},{\"state\":\"idle\",\"age_s\":0.5}]}]}";

	make_of(text, &(struct top_choice){ .table = TOP_SLOTS });
	check_row(0, "1    0 busy");
	check_row(1, "0    1 busy");
	check_row(2, "0    0 idle");
	check_row(3, "1    1 idle");
	for (unsigned i = 0; i < 4; i++)
		ck_assert_int_eq(view.line[view.fixed + i].style, i ? STYLE_PLAIN : STYLE_HOT);
	done();
	make_of(text, &(struct top_choice){ .table = TOP_WORKERS });
	ck_assert_int_eq(view.line[view.fixed].style, STYLE_HOT);
	ck_assert_int_eq(view.line[view.fixed + 1].style, STYLE_PLAIN);
	done();
	make_of(text, &(struct top_choice){ .table = TOP_ROUTES, .sort = "route" });
	ck_assert_int_eq(view.line[view.fixed].style, STYLE_HOT);
	ck_assert_int_eq(view.line[view.fixed + 1].style, STYLE_PLAIN);
	done();
}
END_TEST

START_TEST(workers_and_the_grid)
{
	unsigned grids = 0;

	make(TOP_WORKERS, NULL);
	for (unsigned i = 0; i < view.fixed; i++)
		if (view.line[i].style == STYLE_GRID)
			ck_assert_str_eq(top_view_line(&view, i), grids++ ? "  1 oX" : "  0 .@");
	ck_assert_uint_eq(grids, 2);
	check_row(0, "0      78 ready");
	done();
}
END_TEST

/* Names of 60 and of some bytes beyond ASCII, and what is wide beside them. */
static const char wide[] =
	"{\"littled\":{},\"phases\":{},\"workers\":[{\"worker\":31,\"pid\":1234567,\"state\":"
	"\"starting\","
	"\"served\":123456789012,\"slots\":[{\"state\":\"written_off\",\"route\":"
	"\"/a/path/of/sixty/bytes/that/does/not/fit/into/any/column/here\"},"
	"{\"state\":\"idle\",\"route\":null}]}],\"routes\":["
	"{\"route\":\"/a/path/of/sixty/bytes/that/does/not/fit/into/any/column/here\",\"rate\":1,"
	"\"class\":\"inline\",\"errors\":77},"
	"{\"route\":\"/gr\303\274\303\237e/\303\274ber/"
	"umlaute\",\"rate\":123456,\"class\":\"slot\",\"errors\":88,"
	"\"wait\":{\"p50_s\":0.00999,\"p99_s\":12.345},\"service\":{\"mean_s\":86400,\"p99_s\":4.2}"
	"}]}";

/* Nothing is wider than the terminal, and what belongs together stands in one column. */
START_TEST(tables_fit_the_terminal)
{
	for (enum top_table table = 0; table < TOP_TABLE_COUNT; table++)
		for (unsigned columns = 80; columns < 140; columns++) {
			make_of(wide, &(struct top_choice){ .table = table, .columns = columns });
			for (unsigned i = view.fixed - 1; i < view.count; i++)
				ck_assert_uint_le(top_width(top_view_line(&view, i)), columns);
			done();
		}
	make_of(wide, &(struct top_choice){ .table = TOP_ROUTES, .columns = 80 });
	check_row(0, "/gr\303\274\303\237e/\303\274ber");
	check_row(1, "/a/path/of/");
	for (unsigned i = 0; i < 2; i++) {
		const char *line = top_view_line(&view, view.fixed + i);

		ck_assert_uint_eq(top_width(line), top_width(top_view_line(&view, view.fixed - 1)));
		ck_assert_ptr_nonnull(strstr(line, i ? "  77" : "  88"));
	}
	ck_assert_ptr_nonnull(strchr(top_view_line(&view, view.fixed + 1), '~'));
	done();
}
END_TEST

START_TEST(without_a_terminal_nothing_is_cut)
{
	make_of(wide, &(struct top_choice){ .table = TOP_ROUTES });
	check_row(1, "/a/path/of/sixty/bytes/that/does/not/fit/into/any/column/here ");
	for (unsigned i = 0; i < 2; i++)
		ck_assert_uint_eq(top_width(top_view_line(&view, view.fixed + i)),
				  top_width(top_view_line(&view, view.fixed - 1)));
	done();
}
END_TEST

START_TEST(above_the_table_80_columns_do)
{
	make_of(wide, &(struct top_choice){ .table = TOP_ROUTES });
	for (unsigned i = 0; i < view.fixed - 1; i++)
		ck_assert_uint_le(top_width(top_view_line(&view, i)), 80);
	for (unsigned i = 0; i < top_help_count; i++)
		ck_assert_uint_lt(top_width(top_help[i]), 80);
	done();
}
END_TEST

START_TEST(numbers_of_slots_count_up)
{
	static const char text[] = "{\"littled\":{},\"routes\":[],"
				   "\"workers\":[{\"worker\":10,\"slots\":[{},{},{},"
				   "{},{},{},{},{},{},{},{}]},"
				   "{\"worker\":9,\"slots\":[{}]}]}";

	make_of(text, &(struct top_choice){ .table = TOP_SLOTS, .sort = "worker" });
	check_row(0, "9    0");
	check_row(1, "10    0");
	check_row(2, "10    1");
	check_row(11, "10   10");
	done();
}
END_TEST

START_TEST(times_in_the_unit_that_suits)
{
	static const struct {
		double s;
		const char *says;
	} cases[] = {
		{ 0, "0" },           { 0.0000004, "0us" }, { 0.000999, "999us" },
		{ 0.0125, "12.5ms" }, { 0.9999, "1s" },     { 65, "65s" },
		{ 599, "599s" },      { 600, "10min" },     { 7199, "119min" },
		{ 7200, "2h" },       { 172800, "2d" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct top_cell cell;

		ck_assert_str_eq(top_time(cases[i].s, &cell), cases[i].says);
	}
}
END_TEST

START_TEST(characters_not_bytes)
{
	ck_assert_uint_eq(top_width("gr\303\274n"), 4);
	ck_assert_uint_eq(top_prefix("gr\303\274n", 3), 4);
	ck_assert_uint_eq(top_prefix("gr\303\274n", 2), 2);
	ck_assert_uint_eq(top_prefix("gr\303\274n", 9), 5);
}
END_TEST

START_TEST(what_is_no_document)
{
	static const char *const texts[] = {
		"",
		"{}",
		"[]",
		"{\"workers\":[]}",
		"{\"workers\":3,\"routes\":[]}",
		"<html>",
		"{\"workers\":[],\"routes\":[]}",
		"{\"littled\":7,\"workers\":[],\"routes\":[]}",
		"{\"littled\":{},\"workers\":[1,2],\"routes\":[]}",
		"{\"littled\":{},\"workers\":[],\"routes\":[\"x\",null]}",
		"{\"littled\":{},\"workers\":[{}],\"routes\":[]}",
		"{\"littled\":{},\"workers\":[{\"slots\":{}}],\"routes\":[]}",
		"{\"littled\":{},\"workers\":[{\"slots\":[1,{\"state\":7}]}],\"routes\":[]}",
	};

	for (size_t i = 0; i < TOP_TABLE_COUNT * (sizeof texts / sizeof *texts); i++) {
		const struct top_choice choice = { .table = i % TOP_TABLE_COUNT };
		const char *text = texts[i / TOP_TABLE_COUNT];

		buf_init(&why, 1000);
		top_view_init(&view);
		ck_assert_int_eq(top_view_make(&view, text, strlen(text), &choice, &why), -EINVAL);
		ck_assert_uint_gt(why.len, 0);
		done();
	}
}
END_TEST

/* What is looked at as a number or a text may be anything. */
START_TEST(members_of_any_kind_are_shown)
{
	static const char text[] =
		"{\"littled\":{\"pid\":[],\"version\":{}},\"phases\":3,\"totals\":[],"
		"\"workers\":[{\"worker\":1e300,\"pid\":\"x\",\"connections\":3,"
		"\"slots\":[{\"state\":7,\"age_s\":[]}]}],\"routes\":[{\"wait\":1}]}";

	for (enum top_table table = 0; table < TOP_TABLE_COUNT; table++) {
		make_of(text, &(struct top_choice){ .table = table });
		ck_assert_uint_eq(view.count - view.fixed, 1);
		done();
	}
}
END_TEST

START_TEST(no_control_character_reaches_the_terminal)
{
	static const char text[] =
		"{\"littled\":{\"version\":\"1\\u001b[2J\"},\"workers\":[],\"routes\":["
		"{\"route\":\"/a\\u001b]0;x\\u0007\\n\\u007fb\\u00fc\"}]}";

	make_of(text, &(struct top_choice){ .table = TOP_ROUTES });
	check_row(0, "/a?]0;x???b\303\274 ");
	ck_assert_ptr_nonnull(strstr(top_view_line(&view, 0), "littled 1?[2J, pid"));
	done();
}
END_TEST

START_TEST(sorting_goes_round)
{
	const char *sort = top_next_sort(TOP_SLOTS, "thread");

	ck_assert_str_eq(sort, "route");
	ck_assert_str_eq(top_next_sort(TOP_SLOTS, sort), "worker");
	ck_assert(top_can_sort(TOP_ROUTES, "errors"));
	ck_assert(!top_can_sort(TOP_WORKERS, "errors"));
}
END_TEST

static int parse(struct top_options *o, const char *a, const char *b)
{
	char *argv[] = { "top", (char *)a, (char *)b, NULL };
	int error;

	buf_init(&why, 1000);
	error = top_options_parse(o, a ? b ? 3 : 2 : 1, argv, &why);
	buf_fini(&why);
	return error;
}

START_TEST(command_lines)
{
	static const char *const bad[][2] = {
		{ "--pid", "0" },    { "--pid", "x" },      { "--view", "trees" },
		{ "--window", "7" }, { "--interval", "5" }, { "--sort", "beauty" },
		{ "--what", NULL },  { "--pid", NULL },     { "extra", NULL },
	};
	struct top_options o;

	ck_assert_int_eq(parse(&o, NULL, NULL), 0);
	ck_assert_uint_eq(o.window_s, 10);
	ck_assert_int_eq(parse(&o, "--view", "slots"), 0);
	ck_assert_int_eq(o.choice.table, TOP_SLOTS);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_int_eq(parse(&o, bad[i][0], bad[i][1]), -EINVAL);
}
END_TEST

UNIT_SUITE_OF(top, what_stands_above_the_table, routes_by_any_column, slots_by_age_and_by_place,
	      workers_and_the_grid, what_is_idle_stands_last_and_what_is_old_is_hot,
	      tables_fit_the_terminal, without_a_terminal_nothing_is_cut,
	      above_the_table_80_columns_do, numbers_of_slots_count_up, times_in_the_unit_that_suits,
	      characters_not_bytes, what_is_no_document, members_of_any_kind_are_shown,
	      no_control_character_reaches_the_terminal, sorting_goes_round, command_lines)
