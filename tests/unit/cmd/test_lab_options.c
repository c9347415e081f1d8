/* The lab's command line, its table, and the kernel's line on stolen time. */
#include "cmd/lab_options.h"

#include "cmd/lab_steal.h"
#include "unit.h"

static struct lab_options o;
static struct buf why;

#define PARSE(...) parse((char *[]){ "lab", __VA_ARGS__, NULL })

static int parse(char **argv)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	buf_fini(&why);
	buf_init(&why, 1024);
	return lab_options_parse(&o, argc, argv, &why);
}

START_TEST(numbers_choose)
{
	ck_assert_int_eq(PARSE("2", "E1", "2"), 0);
	ck_assert_uint_eq(o.count, 2);
	ck_assert_uint_eq(o.chosen[0]->number, 2);
	ck_assert_uint_eq(o.chosen[1]->number, 1);
	ck_assert_double_eq(o.scale, 1);
}
END_TEST

START_TEST(all_is_all)
{
	ck_assert_int_eq(PARSE("all", "--scale", "0.1", "--json", "--html", "x"), 0);
	ck_assert_uint_eq(o.count, lab_experiments_count);
	ck_assert_double_eq(o.scale, .1);
	ck_assert(o.json);
	ck_assert_str_eq(o.html, "x");
	ck_assert_int_eq(PARSE("--list"), 0);
	ck_assert_uint_eq(o.count, lab_experiments_count);
}
END_TEST

START_TEST(nonsense_is_refused_in_words)
{
	ck_assert_int_lt(PARSE("999"), 0);
	ck_assert(why.len > 0);
	ck_assert_int_lt(PARSE("one"), 0);
	ck_assert_int_lt(PARSE("E"), 0);
	ck_assert_int_lt(PARSE("--scale", "0"), 0);
	ck_assert_int_lt(PARSE("--scale", "11"), 0);
	ck_assert_int_lt(PARSE("--scale"), 0);
	ck_assert_int_lt(PARSE("--list", "--json"), 0);
	ck_assert_int_lt(PARSE("--html", "x", "--list"), 0);
	ck_assert_int_lt(PARSE("--frobnicate"), 0);
	ck_assert(why.len > 0);
}
END_TEST

START_TEST(the_table_is_in_order_and_whole)
{
	ck_assert_uint_le(lab_experiments_count, LAB_CHOSEN_MAX);
	for (unsigned i = 0; i < lab_experiments_count; i++) {
		const struct lab_experiment *e = &lab_experiments[i];
		unsigned readings = 0;

		ck_assert(i == 0 || e->number > e[-1].number);
		ck_assert(e->steps || e->measure);
		for (const struct lab_step *s = e->steps; s && s->what; s++) {
			ck_assert(s->reading[0].quantity && s->reading[0].predict);
			ck_assert_uint_gt(s->jobs, 0);
			ck_assert_double_gt(s->locked + s->blocked, 0);
			for (int k = 0; k < LAB_READINGS_MAX && s->reading[k].quantity; k++)
				readings++;
		}
		ck_assert_uint_le(readings, LAB_FIGURES_MAX);
	}
}
END_TEST

START_TEST(stolen_time_is_a_part_of_all)
{
	struct lab_cpu_time before = lab_cpu_time_of("cpu  100 0 100 700 0 0 0 100 50 0\n");
	struct lab_cpu_time after = lab_cpu_time_of("cpu  150 0 100 720 0 0 0 130 99 0\n");

	ck_assert_uint_eq(before.all, 1000);
	ck_assert_uint_eq(before.stolen, 100);
	ck_assert_double_eq_tol(lab_stolen_part(before, after), .3, 1e-12);
	ck_assert_double_eq(lab_stolen_part(after, before), 0);
	ck_assert_uint_eq(lab_cpu_time_of("cpu0 1 2 3 4 5 6 7 8\n").all, 0);
	ck_assert_uint_eq(lab_cpu_time_of("").all, 0);
}
END_TEST

START_TEST(what_is_neither_idle_nor_stolen_nor_ours_is_others)
{
	struct lab_cpu_time before = lab_cpu_time_of("cpu  100 0 100 600 100 0 0 100\n");
	struct lab_cpu_time after = lab_cpu_time_of("cpu  300 0 150 1000 120 20 10 200\n");

	after.own = 80;
	ck_assert_double_eq_tol(lab_others_part(before, after), (280. - 80) / 800, 1e-12);
	after.own = 300; /* clocks differ by a tick or so */
	ck_assert_double_eq(lab_others_part(before, after), 0);
	ck_assert_double_eq(lab_others_part(after, before), 0);
}
END_TEST

UNIT_SUITE_OF(lab_options, numbers_choose, all_is_all, nonsense_is_refused_in_words,
	      the_table_is_in_order_and_whole, stolen_time_is_a_part_of_all,
	      what_is_neither_idle_nor_stolen_nor_ours_is_others)
