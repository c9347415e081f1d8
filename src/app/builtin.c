/* The table of built-in apps.  Runs in: master. */
#include "app/builtin.h"

#include <string.h>

#define BUILTIN(name) extern const struct ltd_app name##_app;
#include "app/builtin.def"
#undef BUILTIN

static const struct ltd_app *const builtins[] = {
#define BUILTIN(name) &name##_app,
#include "app/builtin.def"
#undef BUILTIN
};

const char *const builtin_names[] = {
#define BUILTIN(name) #name,
#include "app/builtin.def"
#undef BUILTIN
	NULL,
};

const struct ltd_app *builtin_find(const char *name)
{
	for (size_t i = 0; builtin_names[i]; i++)
		if (strcmp(name, builtin_names[i]) == 0)
			return builtins[i];
	return NULL;
}
