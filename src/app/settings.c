/* An app's own keys, and complaints about them.  Runs in: master. */
#include "app/settings.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "conf/nearest.h"

#define WHERE_BYTES 512
#define WHAT_BYTES 1200

/* The option that takes what stands behind ':' in "workload:ARGUMENT". */
static const char argument_name[] = "argument";

static void vrefuse(const struct ltd_settings *s, unsigned line, const char *format, va_list args)
{
	char where[WHERE_BYTES] = "command line", what[WHAT_BYTES];

	if (line == 0)
		line = s->route->line;
	if (line)
		snprintf(where, sizeof where, "%s:%u: [route %s]",
			 s->file ? s->file : "configuration", line, s->route->prefix);
	vsnprintf(what, sizeof what, format, args);
	log_error("%s: %s", where, what);
	if (s->is_refused)
		*s->is_refused = true;
}

int settings_refuse(const struct ltd_settings *s, unsigned line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vrefuse(s, line, format, args);
	va_end(args);
	return -1;
}

int ltd_refuse(const struct ltd_settings *settings, const char *format, ...)
{
	char what[WHAT_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	return settings_refuse(settings, 0, "app %s: %s", settings->app->name, what);
}

static const struct ltd_option *find_option(const struct ltd_app *app, const char *name)
{
	for (const struct ltd_option *o = app->options; o && o->name; o++)
		if (strcmp(o->name, name) == 0)
			return o;
	return NULL;
}

static const struct route_setting *find_setting(const struct route_conf *r, const char *name)
{
	for (size_t i = 0; i < r->setting_count; i++)
		if (strcmp(r->settings[i].name, name) == 0)
			return &r->settings[i];
	return NULL;
}

const char *ltd_setting(const struct ltd_settings *settings, const char *name)
{
	const struct ltd_option *o = find_option(settings->app, name);
	const struct route_setting *given = find_setting(settings->route, name);

	if (!o)
		return NULL;
	if (given)
		return given->value;
	if (settings->argument && strcmp(name, argument_name) == 0)
		return settings->argument;
	return o->fallback;
}

static int refuse_unknown(const struct ltd_settings *s, const struct route_setting *given)
{
	struct nearest near;

	nearest_init(&near, given->name);
	for (const struct ltd_option *o = s->app->options; o && o->name; o++)
		nearest_try(&near, o->name);
	if (near.best)
		return settings_refuse(s, given->line,
				       "app %s has no setting '%s' (did you mean %s?)",
				       s->app->name, given->name, near.best);
	return settings_refuse(s, given->line, "app %s has no setting '%s'", s->app->name,
			       given->name);
}

static int check_argument(const struct ltd_settings *s)
{
	if (!s->argument)
		return 0;
	if (!find_option(s->app, argument_name))
		return settings_refuse(s, 0, "app %s takes no ':%s'", s->app->name, s->argument);

	const struct route_setting *given = find_setting(s->route, argument_name);
	if (given)
		return settings_refuse(s, given->line,
				       "app %s has its argument twice: ':%s' and here",
				       s->app->name, s->argument);
	return 0;
}

int settings_check(const struct ltd_settings *s)
{
	for (size_t i = 0; i < s->route->setting_count; i++) {
		const struct route_setting *given = &s->route->settings[i];
		const struct route_setting *first = find_setting(s->route, given->name);

		if (!find_option(s->app, given->name))
			return refuse_unknown(s, given);
		if (first != given)
			return settings_refuse(s, given->line,
					       "setting '%s' was given before, in line %u",
					       given->name, first->line);
	}
	return check_argument(s);
}
