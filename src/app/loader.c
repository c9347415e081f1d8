/* Finding apps, and judging what was found.  Runs in: master. */
#include "app/loader.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "app/builtin.h"
#include "base/slice.h"
#include "conf/nearest.h"

/* Of a name that is looked for; a longer one is none of ours. */
#define BUILTIN_NAME_BYTES 128

#define ALL_METHODS (LTD_GET | LTD_POST | LTD_PUT | LTD_DELETE | LTD_PATCH | LTD_OPTIONS)

static int refuse(char why[LOADER_WHY_BYTES], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int refuse(char why[LOADER_WHY_BYTES], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, LOADER_WHY_BYTES, format, args);
	va_end(args);
	return -1;
}

static const char *route_fault(const struct ltd_route *r)
{
	if (r->path[0] != '/')
		return "does not begin with '/'";
	if (!r->handle)
		return "has no handler";
	if (r->class != LTD_INLINE && r->class != LTD_SLOT)
		return "is neither LTD_INLINE nor LTD_SLOT";
	if (r->attempt && r->class != LTD_SLOT)
		return "has an attempt, but no slot to fall back on";
	if (r->methods & ~(unsigned)ALL_METHODS)
		return "names a method that is not in enum ltd_method";
	return NULL;
}

int loader_check(const struct ltd_app *app, const char *spec, char why[LOADER_WHY_BYTES])
{
	/* The number comes first: behind another one, nothing is where it is looked for. */
	if (app->abi != LTD_ABI)
		return refuse(why,
			      "%s was built for app interface %u, this littled (%s) speaks %u: "
			      "rebuild it with this littled's headers",
			      spec, app->abi, LTD_VERSION, LTD_ABI);
	if (!app->name || app->name[0] == '\0')
		return refuse(why, "%s: its ltd_app has no name", spec);
	if (!app->routes || !app->routes->path)
		return refuse(why, "%s: app %s has no routes", spec, app->name);
	for (const struct ltd_route *r = app->routes; r->path; r++) {
		const char *fault = route_fault(r);

		if (fault)
			return refuse(why, "%s: app %s: route '%s' %s", spec, app->name, r->path,
				      fault);
	}
	return 0;
}

static int open_library(struct loaded *l, const char *spec, char why[LOADER_WHY_BYTES])
{
	char here[4096];
	const char *path = spec;

	/* Without a '/', dlopen(3) would search the system's libraries instead. */
	if (!strchr(spec, '/')) {
		if ((size_t)snprintf(here, sizeof here, "./%s", spec) >= sizeof here)
			return refuse(why, "app path too long: %.64s...", spec);
		path = here;
	}

	l->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!l->library)
		return refuse(why, "cannot open app %s: %s", spec, dlerror());
	l->app = dlsym(l->library, "ltd_app");
	if (!l->app)
		return refuse(why, "%s is no littled app: %s", spec, dlerror());
	return loader_check(l->app, spec, why);
}

static int refuse_name(const char *name, char why[LOADER_WHY_BYTES])
{
	struct nearest near;
	char known[512] = "";
	size_t n = 0;

	nearest_init(&near, name);
	for (size_t i = 0; builtin_names[i]; i++) {
		nearest_try(&near, builtin_names[i]);
		if (n < sizeof known)
			n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", i ? ", " : "",
					      builtin_names[i]);
	}
	if (near.best)
		return refuse(why, "there is no app '%s' (did you mean %s?)", name, near.best);
	return refuse(why,
		      "there is no app '%s' (built in: %s; a shared object is named by its path, "
		      "such as ./app.so)",
		      name, known);
}

static int open_builtin(struct loaded *l, const char *spec, char why[LOADER_WHY_BYTES])
{
	const char *colon = strchr(spec, ':');
	size_t len = colon ? (size_t)(colon - spec) : strlen(spec);
	char name[BUILTIN_NAME_BYTES];

	snprintf(name, sizeof name, "%.*s", (int)len, spec);
	l->app = builtin_find(name);
	if (!l->app)
		return refuse_name(name, why);
	l->argument = colon ? colon + 1 : NULL;
	return loader_check(l->app, spec, why);
}

/* "static:/srv/www" is none: the colon comes first. */
static bool is_path(const char *spec)
{
	size_t len = strlen(spec);

	if (spec[strcspn(spec, ":/")] == ':')
		return false;
	return strchr(spec, '/') || (len > 3 && strcmp(spec + len - 3, ".so") == 0);
}

int loader_open(struct loaded *l, const char *spec, char why[LOADER_WHY_BYTES])
{
	*l = (struct loaded){ 0 };
	int status = is_path(spec) ? open_library(l, spec, why) : open_builtin(l, spec, why);
	if (status < 0)
		loader_close(l);
	return status;
}

void loader_close(struct loaded *l)
{
	if (l->library)
		dlclose(l->library);
	*l = (struct loaded){ 0 };
}
