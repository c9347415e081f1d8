/*
 * The routes that break things on purpose: a handler that never returns, one that crashes.
 *
 * Both need the setting allow_crash: nobody gets them by accident.
 * Runs in: slot.
 */
#include "workload.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int workload_read_allow_crash(const struct ltd_settings *settings, bool *allowed)
{
	const char *text = ltd_setting(settings, "allow_crash");

	*allowed = strcmp(text, "true") == 0;
	if (*allowed || strcmp(text, "false") == 0)
		return 0;
	return ltd_refuse(settings, "allow_crash = %s: neither true nor false", text);
}

static bool is_allowed(struct ltd_exchange *x, const struct workload *w)
{
	if (w->allow_crash)
		return true;
	ltd_response_error(x, 403, "this path needs the setting allow_crash = true");
	return false;
}

int workload_crash(struct ltd_exchange *x, void *state)
{
	if (is_allowed(x, state))
		abort();
	return 0;
}

int workload_stuck(struct ltd_exchange *x, void *state)
{
	if (!is_allowed(x, state))
		return 0;
	for (;;)
		pause();
}
