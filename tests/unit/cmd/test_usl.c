/* What `littled usl` reads, and what it prints. */
#include "cmd/usl.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include <json-c/json.h>

#include "unit.h"

static struct usl_points points;
static struct buf out, why;

static void setup(void)
{
	points.count = 0;
	buf_init(&out, 1 << 20);
	buf_init(&why, 1024);
}

static void teardown(void)
{
	buf_fini(&out);
	buf_fini(&why);
}

static int add(const char *line)
{
	return usl_points_add(&points, slice_of_string(line), &why);
}

START_TEST(lines_are_points)
{
	ck_assert_int_eq(add("1 100"), 0);
	ck_assert_int_eq(add("\t2\t 190.5 "), 0);
	ck_assert_int_eq(add("4 3.5e2\r"), -EINVAL);
	ck_assert_int_eq(add("4 3.5e2"), 0);
	ck_assert_uint_eq(points.count, 3);
	ck_assert_double_eq(points.N[1], 2);
	ck_assert_double_eq(points.X[1], 190.5);
	ck_assert_double_eq(points.X[2], 350);
}
END_TEST

START_TEST(empty_lines_and_comments_are_none)
{
	ck_assert_int_eq(add(""), 0);
	ck_assert_int_eq(add("  \t"), 0);
	ck_assert_int_eq(add("# N X"), 0);
	ck_assert_uint_eq(points.count, 0);
}
END_TEST

START_TEST(what_is_no_point_is_refused)
{
	static const char *const lines[] = { "1",     "1 2 3",  "one 2",  "1 two", "0 5",
					     "1 0",   "-1 5",   "1 -5",   "nan 1", "1 inf",
					     "1,100", "1 100x", "1 1e999" };

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		buf_reset(&why);
		ck_assert_msg(add(lines[i]) == -EINVAL, "%s", lines[i]);
		ck_assert_uint_gt(why.len, 0);
	}
	ck_assert_uint_eq(points.count, 0);
}
END_TEST

START_TEST(there_is_room_for_so_many)
{
	for (unsigned i = 0; i < USL_POINTS_MAX; i++)
		ck_assert_int_eq(add("1 1"), 0);
	ck_assert_int_eq(add("1 1"), -EINVAL);
	ck_assert_int_eq(add("# but a comment may follow"), 0);
}
END_TEST

static struct json_object *printed(const struct usl *u)
{
	buf_reset(&out);
	usl_write_json(&out, u, &points);
	buf_append(&out, "", 1);
	ck_assert(!out.is_short);
	struct json_object *o = json_tokener_parse(out.at);
	ck_assert_ptr_nonnull(o);
	return o;
}

static double number(struct json_object *o, const char *key)
{
	struct json_object *value;

	ck_assert_msg(json_object_object_get_ex(o, key, &value) && value, "%s", key);
	return json_object_get_double(value);
}

START_TEST(the_curve_goes_from_one_to_the_last_point)
{
	const struct usl u = { .gamma = 100, .alpha = .02, .beta = .002, .r2 = 1, .peak = 22.1 };

	add("64 700");
	add("2 190");
	struct json_object *o = printed(&u);
	struct json_object *curve = json_object_object_get(o, "curve");
	size_t n = json_object_array_length(curve);
	struct json_object *first = json_object_array_get_idx(curve, 0);
	struct json_object *last = json_object_array_get_idx(curve, n - 1);

	ck_assert_uint_gt(n, 100);
	ck_assert_double_eq(json_object_get_double(json_object_array_get_idx(first, 0)), 1);
	ck_assert_double_eq(json_object_get_double(json_object_array_get_idx(first, 1)), 100);
	ck_assert_double_eq_tol(json_object_get_double(json_object_array_get_idx(last, 0)), 64,
				1e-9);
	ck_assert_double_eq_tol(json_object_get_double(json_object_array_get_idx(last, 1)),
				usl_throughput(&u, 64), 1e-9);
	ck_assert_double_eq(number(o, "knee"), usl_knee(&u));
	ck_assert_double_eq(number(o, "ceiling"), usl_ceiling(&u));
	json_object_put(o);
}
END_TEST

START_TEST(what_does_not_exist_is_null)
{
	const struct usl u = { .gamma = 100, .r2 = 1, .peak = INFINITY };

	add("2 200");
	struct json_object *o = printed(&u), *value;
	static const char *const keys[] = { "peak", "ceiling", "knee" };

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		ck_assert(json_object_object_get_ex(o, keys[i], &value) && !value);
	json_object_put(o);
}
END_TEST

UNIT_SUITE(usl)
Suite *suite_usl(void)
{
	const TTest *const tests[] = {
		lines_are_points,
		empty_lines_and_comments_are_none,
		what_is_no_point_is_refused,
		there_is_room_for_so_many,
		the_curve_goes_from_one_to_the_last_point,
		what_does_not_exist_is_null,
	};
	Suite *s = suite_create("usl");
	TCase *c = tcase_create("usl");

	tcase_add_checked_fixture(c, setup, teardown);
	for (unsigned i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(c, tests[i]);
	suite_add_tcase(s, c);
	return s;
}
