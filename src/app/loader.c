/* Finding apps, and judging what was found.  Runs in: master. */
#include "app/loader.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

/*
 * The files opened so far.  dlopen(3) knows a library by the name it was opened by, and gives the
 * old one for a path whose file has been replaced since: so the new one gets another name, which
 * leads to the same path.
 */
struct version {
	dev_t device;
	ino_t inode;
	struct timespec changed;
};

static struct known {
	char *spec;
	struct version version;
	unsigned number; /* of versions of it before */
	struct known *next;
} * known_files;

static bool is_same(const struct version *a, const struct version *b)
{
	return a->device == b->device && a->inode == b->inode &&
	       a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

static struct known *know(const char *spec)
{
	struct known *k = known_files;

	while (k && strcmp(k->spec, spec) != 0)
		k = k->next;
	if (k)
		return k;
	k = calloc(1, sizeof *k);
	if (k)
		k->spec = strdup(spec);
	if (!k || !k->spec) {
		free(k);
		return NULL;
	}
	k->next = known_files;
	return known_files = k;
}

/* How many versions of that file have been opened before this one. */
static unsigned count_versions(const char *spec)
{
	struct stat st;
	struct known *k;

	if (stat(spec, &st) < 0 || !(k = know(spec)))
		return 0; /* dlopen(3) says what is wrong */
	struct version now = { st.st_dev, st.st_ino, st.st_mtim };
	if (k->version.inode && !is_same(&k->version, &now))
		k->number++;
	k->version = now;
	return k->number;
}

/*
 * "dir/./././app.so", a dot for each version.  Always with a '/': without one, dlopen(3) would
 * search the system's libraries instead.
 */
static int name_library(const char *spec, char *path, size_t bytes)
{
	const char *slash = strrchr(spec, '/'), *file = slash ? slash + 1 : spec;
	size_t n = (size_t)snprintf(path, bytes, "%.*s./", (int)(file - spec), spec);

	for (unsigned i = count_versions(spec); i > 0 && n < bytes; i--)
		n += (size_t)snprintf(path + n, bytes - n, "./");
	if (n < bytes)
		n += (size_t)snprintf(path + n, bytes - n, "%s", file);
	return n < bytes ? 0 : -1;
}

/* What dlopen(3) and dlsym(3) say, but not of which file: the path is not the one that was given. */
static const char *reason_of(const char *path)
{
	const char *said = dlerror();
	size_t len = strlen(path);

	if (!said)
		return "no reason given";
	return strncmp(said, path, len) == 0 && strncmp(said + len, ": ", 2) == 0 ? said + len + 2
										  : said;
}

static int open_library(struct loaded *l, const char *spec, char why[LOADER_WHY_BYTES])
{
	char path[4096];

	if (name_library(spec, path, sizeof path) < 0)
		return refuse(why, "app path too long: %.64s...", spec);
	l->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!l->library)
		return refuse(why, "cannot open app %s: %s", spec, reason_of(path));
	l->app = dlsym(l->library, "ltd_app");
	if (!l->app)
		return refuse(why, "%s is no littled app: %s", spec, reason_of(path));
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
	bool is_library = is_path(spec);
	int status = is_library ? open_library(l, spec, why) : open_builtin(l, spec, why);

	if (status == 0)
		return 0;
	loader_close(l);
	return is_library ? -ENOEXEC : -ENOENT;
}

void loader_close(struct loaded *l)
{
	if (l->library)
		dlclose(l->library);
	*l = (struct loaded){ 0 };
}
