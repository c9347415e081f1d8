/*
 * What an app is given to configure itself: the keys of its [route PREFIX] section.
 *
 * Every complaint about a section goes through here, so that each says where the section
 * stands: "demo.ini:12: [route /api]: ...", or "command line: ...".
 */
#ifndef APP_SETTINGS_H
#define APP_SETTINGS_H

#include <stdbool.h>

#include <littled/app.h>

#include "conf/conf.h"

struct ltd_settings {
	const struct ltd_app *app; /* NULL until it is found */
	const struct route_conf *route;
	const char *file;     /* NULL: none was read */
	const char *argument; /* the value of the option "argument", if not NULL */
	bool *is_refused;     /* set when a complaint is made; may be NULL */
};

/* Is every key an option of the app, and given once?  0, or -1 and a line on the error log. */
int settings_check(const struct ltd_settings *s);

/* One line on the error log; `line` 0 stands for the section's own.  Returns -1. */
int settings_refuse(const struct ltd_settings *s, unsigned line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
