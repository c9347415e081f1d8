/*
 * The smallest useful app: one route that answers at once, one that takes its time.
 *
 *	make && littled ./hello.so
 */
#define _POSIX_C_SOURCE 200809L /* nanosleep(2), also with -std=c11 */

#include <littled/app.h>

#include <time.h>

/* Never blocks: LTD_INLINE, answered even when every slot is busy. */
static int greet(struct ltd_exchange *x, void *state)
{
	const char *greeting = state;
	struct ltd_slice name;

	if (!ltd_request_param(x, "name", &name))
		name = LTD_SLICE("world");
	ltd_response_type(x, "text/plain; charset=utf-8");
	ltd_response_printf(x, "%s, %.*s\n", greeting, (int)name.len, name.at);
	return 0;
}

/* Waits, as for a database: LTD_SLOT, one of the workers' threads is its own meanwhile. */
static int greet_slowly(struct ltd_exchange *x, void *state)
{
	nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
	return greet(x, state);
}

static int configure(const struct ltd_settings *settings, void **state)
{
	const char *greeting = ltd_setting(settings, "greeting");

	if (greeting[0] == '\0')
		return ltd_refuse(settings, "greeting must not be empty");
	*state = (void *)greeting;
	return 0;
}

static const struct ltd_option options[] = {
	{ "greeting", "Hello", "The word before the name." },
	{ NULL, NULL, NULL },
};

static const struct ltd_route routes[] = {
	{ "/hello", LTD_INLINE, LTD_GET, .handle = greet },
	{ "/slow", LTD_SLOT, LTD_GET, .handle = greet_slowly },
	{ .path = NULL },
};

LTD_APP = {
	.abi = LTD_ABI,
	.name = "hello",
	.summary = "says hello",
	.options = options,
	.routes = routes,
	.configure = configure,
};
