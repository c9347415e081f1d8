/*
 * The table of mounts and routes.  Runs in: master to build it; any to look things up.
 *
 * A look-up happens for every request, so it walks a table of keys of 16 bytes, four to a
 * cache line, and compares lengths before bytes.
 */
#include "app/mount.h"

#include <errno.h>
#include <stdlib.h>

#include "app/loader.h"
#include "app/settings.h"
#include "base/log.h"

struct mount_key {
	const char *at;
	uint32_t len;
	uint32_t row; /* in mounts.entry */
};

static struct ltd_slice without_slash(const char *prefix)
{
	struct ltd_slice s = slice_of_string(prefix);

	while (s.len > 0 && s.at[s.len - 1] == '/')
		s.len--;
	return s;
}

static int configure(struct mount *mt, struct ltd_settings *s)
{
	bool is_refused = false;

	s->is_refused = &is_refused;
	if (settings_check(s) < 0)
		return -1;
	if (mt->app->configure && mt->app->configure(s, &mt->state) != 0) {
		if (!is_refused)
			ltd_refuse(s, "refuses its settings and does not say why");
		return -1;
	}
	mt->is_configured = true;
	return 0;
}

static int open_mount(struct mount *mt, const struct conf *conf, const struct route_conf *route)
{
	char why[LOADER_WHY_BYTES];
	struct ltd_settings settings = { .route = route, .file = conf->file };
	struct loaded l;

	int error = loader_open(&l, route->app, why);
	if (error < 0) {
		settings_refuse(&settings, 0, "%s", why);
		return error == -ENOEXEC ? error : -1;
	}
	mt->prefix = without_slash(route->prefix);
	mt->app = l.app;
	mt->library = l.library;
	settings.app = l.app;
	settings.argument = l.argument;
	return configure(mt, &settings);
}

static void close_mount(struct mount *mt)
{
	struct loaded l = { .app = mt->app, .library = mt->library };

	if (mt->is_configured && mt->app->release)
		mt->app->release(mt->state);
	loader_close(&l);
}

/* How many routes there are, and the bytes of all their paths. */
static unsigned count_routes(struct mounts *m, size_t *bytes)
{
	unsigned count = 0;

	*bytes = 0;
	for (size_t i = 0; i < m->mount_count; i++) {
		m->mount[i].first_route = count;
		for (const struct ltd_route *r = m->mount[i].app->routes; r->path; r++, count++)
			*bytes += m->mount[i].prefix.len + strlen(r->path);
	}
	return count;
}

static struct ltd_slice join(char *at, struct ltd_slice prefix, const char *path)
{
	size_t len = strlen(path);

	memcpy(at, prefix.at, prefix.len);
	memcpy(at + prefix.len, path, len);
	return slice_of(at, prefix.len + len);
}

static void fill_entries(struct mounts *m)
{
	struct mount_entry *e = m->entry;
	char *at = m->paths;

	for (struct mount *mt = m->mount; mt < m->mount + m->mount_count; mt++)
		for (const struct ltd_route *r = mt->app->routes; r->path; r++, e++) {
			e->mount = mt;
			e->route = r;
			e->path = join(at, mt->prefix, r->path);
			e->is_prefix = e->path.at[e->path.len - 1] == '/';
			e->row = (unsigned)(e - m->entry);
			at += e->path.len;
		}
}

static int by_length_longest_first(const void *a, const void *b)
{
	const struct mount_key *x = a, *y = b;

	return (x->len < y->len) - (x->len > y->len);
}

static void add_keys(struct mounts *m, struct mount_key *at, bool is_prefix)
{
	for (uint32_t row = 0; row < m->entry_count; row++) {
		const struct mount_entry *e = &m->entry[row];

		if (e->is_prefix == is_prefix)
			*at++ = (struct mount_key){ e->path.at, (uint32_t)e->path.len, row };
	}
}

static void fill_keys(struct mounts *m)
{
	for (unsigned row = 0; row < m->entry_count; row++)
		m->exact_count += !m->entry[row].is_prefix;
	add_keys(m, m->keys, false);
	add_keys(m, m->keys + m->exact_count, true);
	qsort(m->keys + m->exact_count, m->entry_count - m->exact_count, sizeof *m->keys,
	      by_length_longest_first);
}

static int lay_out(struct mounts *m)
{
	size_t bytes;

	m->entry_count = count_routes(m, &bytes);
	m->row_not_found = m->entry_count;
	m->row_refused = m->entry_count + 1;
	m->entry = calloc(m->entry_count, sizeof *m->entry);
	m->keys = calloc(m->entry_count, sizeof *m->keys);
	m->paths = malloc(bytes);
	if (!m->entry || !m->keys || !m->paths) {
		log_error("routes: out of memory");
		return -1;
	}
	fill_entries(m);
	fill_keys(m);
	return 0;
}

static int refuse_duplicate(const struct mounts *m, const struct conf *conf,
			    const struct mount_entry *first, const struct mount_entry *second)
{
	const struct route_conf *before = &conf->routes[first->mount - m->mount];
	const struct ltd_settings s = {
		.route = &conf->routes[second->mount - m->mount],
		.file = conf->file,
		.app = second->mount->app,
	};

	if (first->mount == second->mount)
		return settings_refuse(&s, 0, "app %s has path %.*s twice", s.app->name,
				       (int)second->path.len, second->path.at);
	return settings_refuse(&s, 0, "path %.*s of app %s is taken by app %s in [route %s]",
			       (int)second->path.len, second->path.at, s.app->name,
			       first->mount->app->name, before->prefix);
}

static int check_duplicates(const struct mounts *m, const struct conf *conf)
{
	for (unsigned i = 1; i < m->entry_count; i++)
		for (unsigned j = 0; j < i; j++)
			if (slice_eq(m->entry[i].path, m->entry[j].path))
				return refuse_duplicate(m, conf, &m->entry[j], &m->entry[i]);
	return 0;
}

static int open_mounts(struct mounts *m, const struct conf *conf)
{
	m->mount = calloc(conf->route_count, sizeof *m->mount);
	if (!m->mount) {
		log_error("apps: out of memory");
		return -1;
	}
	for (size_t i = 0; i < conf->route_count; i++) {
		m->mount_count++;
		int error = open_mount(&m->mount[i], conf, &conf->routes[i]);
		if (error < 0)
			return error;
	}
	return 0;
}

int mounts_open(struct mounts *m, const struct conf *conf)
{
	*m = (struct mounts){ 0 };
	if (conf->route_count == 0) {
		log_error("no app to serve: name one on the command line, or in a [route PREFIX] "
			  "section");
		return -1;
	}
	int error = open_mounts(m, conf);
	if (!error)
		error = lay_out(m);
	if (!error)
		error = check_duplicates(m, conf);
	if (error)
		mounts_close(m);
	return error;
}

int mounts_open_app(struct mounts *m, const struct ltd_app *app, void *state)
{
	*m = (struct mounts){ .mount = calloc(1, sizeof *m->mount) };
	if (!m->mount)
		return -1;
	m->mount[0] = (struct mount){ .prefix = LTD_SLICE(""), .app = app, .state = state };
	m->mount_count = 1;
	if (lay_out(m) == 0)
		return 0;
	mounts_close(m);
	return -1;
}

void mounts_close(struct mounts *m)
{
	while (m->mount_count > 0)
		close_mount(&m->mount[--m->mount_count]);
	free(m->paths);
	free(m->keys);
	free(m->entry);
	free(m->mount);
	*m = (struct mounts){ 0 };
}

static enum mount_verdict settle(const struct mounts *m, const struct mount_key *k,
				 unsigned methods, const struct mount_entry **entry)
{
	unsigned allowed = m->entry[k->row].route->methods;

	*entry = &m->entry[k->row];
	if (allowed == LTD_ANY_METHOD)
		allowed = ~MOUNT_NO_METHOD;
	return allowed & methods ? MOUNT_FOUND : MOUNT_BAD_METHOD;
}

/* The mount's own path without a slash: "/files", where an app at /files has a route "/". */
static bool is_of_root(const struct mounts *m, const struct mount_key *k, struct ltd_slice path)
{
	return k->len == path.len + 1 && m->entry[k->row].mount->prefix.len == path.len &&
	       memcmp(k->at, path.at, path.len) == 0;
}

enum mount_verdict mounts_find(const struct mounts *m, struct ltd_slice path, unsigned methods,
			       const struct mount_entry **entry)
{
	const struct mount_key *k = m->keys, *exact_end = k + m->exact_count,
			       *end = k + m->entry_count;

	for (; k < exact_end; k++)
		if (k->len == path.len && memcmp(k->at, path.at, k->len) == 0)
			return settle(m, k, methods, entry);
	for (; k < end; k++)
		if ((k->len <= path.len && memcmp(k->at, path.at, k->len) == 0) ||
		    is_of_root(m, k, path))
			return settle(m, k, methods, entry);
	*entry = NULL;
	return MOUNT_NOT_FOUND;
}

/* The commonest first. */
static const struct {
	struct ltd_slice name;
	unsigned bit;
} methods_known[] = {
	{ { "GET", 3 }, LTD_GET },         { { "HEAD", 4 }, LTD_GET },
	{ { "POST", 4 }, LTD_POST },       { { "PUT", 3 }, LTD_PUT },
	{ { "DELETE", 6 }, LTD_DELETE },   { { "PATCH", 5 }, LTD_PATCH },
	{ { "OPTIONS", 7 }, LTD_OPTIONS },
};

static const struct ltd_slice trace = { "TRACE", 5 };

#define METHODS_KNOWN (sizeof methods_known / sizeof *methods_known)

unsigned mount_method_bit(struct ltd_slice method)
{
	for (size_t i = 0; i < METHODS_KNOWN; i++)
		if (slice_eq(method, methods_known[i].name))
			return methods_known[i].bit;
	return slice_eq(method, trace) ? MOUNT_NO_METHOD : MOUNT_OTHER_METHOD;
}

struct ltd_slice mount_allow(const struct ltd_route *route, char out[MOUNT_ALLOW_BYTES])
{
	unsigned methods = route->methods == LTD_ANY_METHOD ? 0 : route->methods | LTD_OPTIONS;
	size_t n = 0;

	for (size_t i = 0; i < METHODS_KNOWN; i++) {
		if (methods && !(methods & methods_known[i].bit))
			continue;
		if (n > 0) {
			memcpy(out + n, ", ", 2);
			n += 2;
		}
		memcpy(out + n, methods_known[i].name.at, methods_known[i].name.len);
		n += methods_known[i].name.len;
	}
	return slice_of(out, n);
}

int mounts_worker_start(const struct mounts *m)
{
	for (size_t i = 0; i < m->mount_count; i++) {
		const struct mount *mt = &m->mount[i];

		if (!mt->app->worker_start || mt->app->worker_start(mt->state) == 0)
			continue;
		log_error("app %s at %.*s/: refuses to start in this worker", mt->app->name,
			  (int)mt->prefix.len, mt->prefix.at);
		while (i-- > 0)
			if (m->mount[i].app->worker_stop)
				m->mount[i].app->worker_stop(m->mount[i].state);
		return -1;
	}
	return 0;
}

void mounts_worker_stop(const struct mounts *m)
{
	for (size_t i = m->mount_count; i-- > 0;)
		if (m->mount[i].app->worker_stop)
			m->mount[i].app->worker_stop(m->mount[i].state);
}
