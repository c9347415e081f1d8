/*
 * The apps that are part of the server: one row each in builtin.def.
 *
 * They use the public interface alone, like any shared object; only how their descriptor
 * is found differs.
 */
#ifndef APP_BUILTIN_H
#define APP_BUILTIN_H

#include <littled/app.h>

/* NULL if there is none of that name. */
const struct ltd_app *builtin_find(const char *name);

/* Ends with NULL. */
extern const char *const builtin_names[];

#endif
