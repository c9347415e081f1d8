/*
 * From an app's name to its descriptor: built in, or exported by a shared object.
 *
 * The one place of dlopen(3).  Whatever is found is checked before anybody uses it: a
 * shared object is somebody else's work, perhaps built against another littled.
 */
#ifndef APP_LOADER_H
#define APP_LOADER_H

#include <stddef.h>

#include <littled/app.h>

/* One sentence, cut off if longer. */
#define LOADER_WHY_BYTES 1024

struct loaded {
	const struct ltd_app *app;
	void *library;        /* of dlopen(3); NULL for a built-in app */
	const char *argument; /* what stands behind ':' in a built-in app's name, or NULL */
};

/*
 * `spec` with a '/' before any ':', or ending in ".so" without a ':', is the path of a shared
 * object (of the current folder if it has no '/'); anything else is NAME or NAME:ARGUMENT of a
 * built-in app.
 * l->argument points into `spec`.  0; or the reason in `why` and -ENOEXEC for a shared object that
 * is none of our apps, -ENOENT for a name that is no built-in app's.
 */
int loader_open(struct loaded *l, const char *spec, char why[LOADER_WHY_BYTES]);

/* No handler of the app may run any more. */
void loader_close(struct loaded *l);

/* Is the descriptor sound?  0, or -1 and the reason. */
int loader_check(const struct ltd_app *app, const char *spec, char why[LOADER_WHY_BYTES]);

#endif
