/*
 * Mounts: which app answers which path.
 *
 * Built by the master before any fork: apps are found (built in, or a shared object opened
 * by loader.c), configured, and all their routes laid out in one table.
 */
#ifndef APP_MOUNT_H
#define APP_MOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <littled/app.h>

#include "base/slice.h"
#include "conf/conf.h"

struct mount {
	struct ltd_slice prefix; /* without a trailing slash: "" for "/" */
	const struct ltd_app *app;
	void *state;
	void *library;        /* of dlopen(3), or NULL */
	unsigned first_route; /* its first row in mounts.entry */
	bool is_configured;   /* the app's release hook is due at the end */
};

struct mount_entry {
	struct mount *mount;
	const struct ltd_route *route;
	struct ltd_slice path; /* the whole path: prefix and the route's path */
	bool is_prefix;
	unsigned row; /* on the board */
};

struct mount_key;

/*
 * Two rows that are always there, behind the apps' routes: unknown paths, refused requests.  As
 * laid out here rows are numbered from 0; a board that knows routes of before numbers them anew.
 */
struct mounts {
	struct mount *mount;
	size_t mount_count;
	struct mount_entry *entry;
	unsigned entry_count;
	unsigned row_not_found, row_refused;
	struct mount_key *keys; /* what mounts_find() walks: exact paths, then prefixes */
	unsigned exact_count;   /* of the entry_count keys */
	char *paths;            /* the bytes of all entries' paths */
};

/*
 * Opens and configures every app.  On failure one line says why on the error log (with file and
 * line of the route where there is one) and -1 comes back, or -ENOEXEC when an app's shared object
 * cannot be loaded; nothing stays open.
 * `conf` must outlive the mounts: prefixes and settings point into it.
 */
int mounts_open(struct mounts *m, const struct conf *conf);
void mounts_close(struct mounts *m);

/* One app at "/", already configured; -1 when memory is short. */
int mounts_open_app(struct mounts *m, const struct ltd_app *app, void *state);

enum mount_verdict { MOUNT_FOUND, MOUNT_NOT_FOUND, MOUNT_BAD_METHOD };

/*
 * The entry for a path (request_path(): without the query, and as sent but for needless escapes)
 * and method.
 * Exact paths before prefixes, longer before shorter; the first that matches decides.  The route
 * "/" of an app mounted at "/files" has "/files" as well as all below "/files/".
 * MOUNT_BAD_METHOD: *entry is the route whose methods do not include this one;
 * MOUNT_NOT_FOUND: it is NULL.
 */
enum mount_verdict mounts_find(const struct mounts *m, struct ltd_slice path, unsigned methods,
			       const struct mount_entry **entry);

/*
 * The app's method bit for a method's name (HEAD is LTD_GET's); MOUNT_OTHER_METHOD for one no
 * route can name.  TRACE is no route's, not even where all methods are taken: its answer would be
 * the request's own fields, cookies and all (RFC 9110 9.3.8).
 */
#define MOUNT_OTHER_METHOD 0x8000u
#define MOUNT_NO_METHOD 0u
unsigned mount_method_bit(struct ltd_slice method);

/*
 * The value of the Allow field that a 405 must carry (RFC 9110 15.5.6): "GET, HEAD, OPTIONS".
 * The server itself answers OPTIONS for routes that do not.
 */
#define MOUNT_ALLOW_BYTES 64
struct ltd_slice mount_allow(const struct ltd_route *route, char out[MOUNT_ALLOW_BYTES]);

/* In each worker: every app's worker_start; -1 (logged) if one refuses. */
int mounts_worker_start(const struct mounts *m);
void mounts_worker_stop(const struct mounts *m);

#endif
