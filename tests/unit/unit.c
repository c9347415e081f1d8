/* The main program of every unit test binary. */
#include "unit.h"

#include <stdlib.h>

/* Sanitized builds on a busy machine are slow; a hang is still found. */
#define CASE_TIMEOUT_S 120

static struct unit *units;

void unit_register(struct unit *u)
{
	u->next = units;
	units = u;
}

Suite *unit_suite(const char *name, const TTest *const *tests, unsigned count)
{
	Suite *s = suite_create(name);
	TCase *c = tcase_create(name);

	tcase_set_timeout(c, CASE_TIMEOUT_S);
	for (unsigned i = 0; i < count; i++)
		tcase_add_test(c, tests[i]);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	SRunner *runner = srunner_create(NULL);

	for (struct unit *u = units; u; u = u->next)
		srunner_add_suite(runner, u->suite());
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
