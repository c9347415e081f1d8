/* How many CPUs may be used, and how that is said. */
#include "base/cpus.h"

#include <sched.h>

#include "unit.h"

START_TEST(the_least_of_all_binds)
{
	static const struct {
		struct cpus cpus;
		unsigned usable;
		const char *text;
	} cases[] = {
		{ { 8, 8, 0 }, 8, "8 CPUs" },
		{ { 1, 1, 0 }, 1, "1 CPU" },
		{ { 8, 4, 0 }, 4, "4 of 8 CPUs (4 by affinity)" },
		{ { 8, 8, 1.5 }, 2, "2 of 8 CPUs (1.5 by cgroup quota)" },
		{ { 8, 8, 2 }, 2, "2 of 8 CPUs (2 by cgroup quota)" },
		{ { 64, 8, 0.1 }, 1, "1 of 64 CPUs (8 by affinity, 0.1 by cgroup quota)" },
		{ { 4, 2, 16 }, 2, "2 of 4 CPUs (2 by affinity, 16 by cgroup quota)" },
	};
	char text[128];

	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		ck_assert_uint_eq(cpus_usable(&cases[i].cpus), cases[i].usable);
		cpus_describe(&cases[i].cpus, text, sizeof text);
		ck_assert_str_eq(text, cases[i].text);
	}
}
END_TEST

START_TEST(affinity_is_seen)
{
	struct cpus cpus;
	cpu_set_t before, one;

	ck_assert_int_eq(sched_getaffinity(0, sizeof before, &before), 0);
	CPU_ZERO(&one);
	for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
		if (CPU_ISSET(i, &before))
			CPU_SET(i, &one);
	ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
	cpus_read(&cpus);
	ck_assert_int_eq(sched_setaffinity(0, sizeof before, &before), 0);
	ck_assert_uint_eq(cpus.affine, 1);
	ck_assert_uint_eq(cpus_usable(&cpus), 1);
	ck_assert_uint_ge(cpus.online, (unsigned)CPU_COUNT(&before));
}
END_TEST

UNIT_SUITE_OF(cpus, the_least_of_all_binds, affinity_is_seen)
