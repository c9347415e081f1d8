/* One Check program a folder: each test file announces its suite, unit.c runs them all. */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <check.h>

struct unit {
	const char *name;
	Suite *(*suite)(void);
	struct unit *next;
};

void unit_register(struct unit *u);

#define UNIT_SUITE(NAME) \
	Suite *suite_##NAME(void); \
	__attribute__((constructor)) static void register_##NAME(void) \
	{ \
		static struct unit u = { #NAME, suite_##NAME, NULL }; \
		unit_register(&u); \
	}

/* A suite with one test case holding these tests. */
Suite *unit_suite(const char *name, const TTest *const *tests, unsigned count);

#define UNIT_SUITE_OF(NAME, ...) \
	UNIT_SUITE(NAME) \
	Suite *suite_##NAME(void) \
	{ \
		const TTest *const tests[] = { __VA_ARGS__ }; \
		return unit_suite(#NAME, tests, sizeof tests / sizeof *tests); \
	}

#endif
