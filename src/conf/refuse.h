/*
 * The one line on standard error that says why a configuration is refused:
 *
 *	littled: conf/x.ini:12: workers = many: expected a whole number from 1 to 1024
 *	littled: LITTLED_WORKERS=many: expected ...
 *	littled: --workers=many: expected ...
 */
#ifndef CONF_REFUSE_H
#define CONF_REFUSE_H

#include "conf/nearest.h"
#include "conf/options.h"

/* Where a value was found. */
struct place {
	enum origin origin;
	const char *file; /* ORIGIN_FILE, with line (0: the file as a whole) */
	unsigned line;
	const char *name; /* the key, the variable, or the flag with its dashes; may be NULL */
};

/*
 * From now on refusals go there, as a line without
 * "littled: " and newline, and not to standard error.
 */
void refuse_through(void (*say)(const char *line));

/* All return -1, for the caller to return.  Control bytes are shown as \xNN. */
int refuse(const struct place *at, const char *format, ...) __attribute__((format(printf, 2, 3)));
int refuse_value(const struct place *at, const char *value, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#define VALUE_TOO_LONG "longer than %d bytes"

/* For the error options_set() gave. */
int refuse_option(const struct place *at, const char *value, enum option_id id, int error);

/* An unknown `kind` of thing, and the nearest known (with `prefix` before it) if one is near. */
int refuse_unknown(const struct place *at, const char *kind, const struct nearest *n,
		   const char *prefix);

/* A line of the same form that stops nothing; `nearest` (may be NULL) without its LITTLED_. */
void warn_unknown_variable(const char *variable, const char *nearest);

#endif
