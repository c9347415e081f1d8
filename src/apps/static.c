/*
 * The static app: from a request to the file that answers it.  Runs in: leader, slot.
 *
 * What a step returns: 0, the request is answered; a negative errno value, it is not, for this
 * reason.  -EAGAIN while nothing may wait sends it to a slot.
 */
#include "static.h"

#include <errno.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "static_encodings.h"
#include "static_text.h"

#define NS_PER_S 1000000000
#define NS_PER_MS 1000000

/* One request on its way. */
struct visit {
	struct ltd_exchange *x;
	struct static_site *site;
	int64_t now_ns; /* since 1970 */
	struct static_root root;
	struct static_path path;
	struct static_file file;
	struct static_entry *entry; /* the file's bytes in memory, or NULL */
	struct static_labels labels;
	struct static_asked asked;
	struct static_source source;
};

/* The clock file systems take their times from: no reading of it is behind one of theirs. */
static int64_t file_clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME_COARSE, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* --- the file's bytes --------------------------------------------------------- */

/*
 * A file changed this lately may change again without a sign: its times are only as fine as
 * the kernel's tick, or whole seconds on some file systems.
 */
#define TICK_NS (50 * NS_PER_MS)
#define COARSE_NS (2ll * NS_PER_S)

static bool is_settled(const struct static_identity *i, int64_t now_ns)
{
	int64_t grain = i->changed_ns % NS_PER_S ? TICK_NS : COARSE_NS;

	return i->changed_ns < now_ns - grain && i->modified_ns < now_ns;
}

static bool read_all(int fd, char *to, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pread(fd, to + done, size - done, (off_t)done);

		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			return false;
	}
	return true;
}

/* Reads the file for this request and others.  It is sent from the disk if that does not come off. */
static void remember(struct visit *v)
{
	struct static_entry *e = static_entry_new(&v->file.identity);
	struct static_identity after;

	if (!e)
		return;
	static_labels_make(&e->labels, &e->identity, v->now_ns);
	if (read_all(v->file.fd, e->bytes, e->identity.size) &&
	    static_find_again(&v->file, &after) == 0 && static_identity_eq(&after, &e->identity)) {
		static_cache_keep(v->site->cache, e);
		v->entry = e;
	} else {
		static_entry_release(e);
	}
}

static bool is_small(const struct visit *v)
{
	return v->site->cache && v->file.identity.size <= v->site->cache_file_bytes;
}

/* From the cache, or by opening the file, whose identity is then the one that was opened. */
static int obtain(struct visit *v)
{
	int error;

	if (is_small(v))
		v->entry = static_cache_find(v->site->cache, &v->file.identity, v->root.may_wait);
	if (v->entry)
		return 0;
	if (!v->root.may_wait)
		return -EAGAIN;
	static_file_close(&v->file);
	error = static_find_open(&v->root, v->path.at, &v->file);
	if (error < 0)
		return error;
	if (!S_ISREG(v->file.mode))
		return -ENOENT;
	if (is_small(v) && is_settled(&v->file.identity, v->now_ns))
		remember(v);
	return 0;
}

static void send_file(struct visit *v)
{
	struct static_source *s = &v->source;

	if (v->entry) {
		s->labels = &v->entry->labels;
		s->bytes = v->entry->bytes;
		s->size = v->entry->identity.size;
	} else {
		static_labels_make(&v->labels, &v->file.identity, v->now_ns);
		s->labels = &v->labels;
		s->fd = v->file.fd;
		s->size = v->file.identity.size;
	}
	static_send(v->x, v->site, s, &v->asked, v->now_ns / NS_PER_S);
	if (s->is_given)
		v->file.fd = -1;
}

/* --- its encodings ------------------------------------------------------------ */

/* What stands compressed beside the file; fd -1: nothing. */
static int find_encodings(struct visit *v, struct static_file found[STATIC_ENCODING_COUNT])
{
	size_t len = v->path.len;

	for (int e = 0; e < STATIC_ENCODING_COUNT; e++) {
		struct static_file *f = &found[e];
		int error = -ENAMETOOLONG;

		f->fd = -1;
		if (static_path_append(&v->path, static_encodings[e].suffix))
			error = static_find(&v->root, v->path.at, f);
		static_path_cut(&v->path, len);
		if (error == -EAGAIN && !v->root.may_wait)
			return error;
		if (error == 0 && !S_ISREG(f->mode))
			static_file_close(f);
	}
	return 0;
}

/* Puts the form the client likes best in the place of the file. */
static void prefer(struct visit *v, struct static_file found[STATIC_ENCODING_COUNT])
{
	struct static_preference p;
	struct static_file plain = v->file;

	static_preference_read(&p, v->asked.accept_encoding);
	for (size_t i = 0; p.order[i] != STATIC_IDENTITY; i++) {
		struct static_file *f = &found[p.order[i]];

		if (f->fd < 0)
			continue;
		v->file = *f;
		*f = plain;
		v->source.coding = static_encodings[p.order[i]].coding;
		static_path_append(&v->path, static_encodings[p.order[i]].suffix);
		return;
	}
}

static int choose_encoding(struct visit *v)
{
	struct static_file found[STATIC_ENCODING_COUNT];
	int error;

	for (int e = 0; e < STATIC_ENCODING_COUNT; e++)
		found[e].fd = -1;
	error = find_encodings(v, found);
	for (int e = 0; e < STATIC_ENCODING_COUNT; e++)
		v->source.varies |= found[e].fd >= 0;
	if (error == 0 && v->source.varies)
		prefer(v, found);
	for (int e = 0; e < STATIC_ENCODING_COUNT; e++)
		static_file_close(&found[e]);
	return error;
}

/* --- what is at the path ------------------------------------------------------- */

static int visit_file(struct visit *v)
{
	const struct static_types *types = &v->site->types;
	int error = 0;

	v->source = (struct static_source){
		.type = static_types_find(types, static_path_name(&v->path)),
		.fd = -1,
	};
	static_asked_read(&v->asked, v->x);
	if (v->site->is_precompressed && !v->source.type->is_packed)
		error = choose_encoding(v);
	if (error == 0)
		error = obtain(v);
	if (error == 0)
		send_file(v);
	return error;
}

/*
 * To the same path with a slash behind it: without one, the links in an index lead astray.  The
 * path is written anew from what it was read as, so that "//host" does not become a host.
 */
static int redirect(struct visit *v)
{
	struct ltd_slice path = ltd_request_path(v->x), below = ltd_request_subpath(v->x);
	struct ltd_slice query = ltd_request_query(v->x);
	size_t prefix = path.len > below.len ? path.len - below.len : 0, n = prefix;
	char *to = ltd_alloc(v->x, prefix + 3 * v->path.len + query.len + 3);

	if (!to)
		return -ENOMEM;
	memcpy(to, path.at, prefix);
	to[n++] = '/';
	n += static_path_encode(to + n, (struct ltd_slice){ v->path.at, v->path.len }, true);
	to[n++] = '/';
	if (query.at) {
		to[n++] = '?';
		memcpy(to + n, query.at, query.len);
		n += query.len;
	}
	ltd_response_error(v->x, 301, "this is a folder");
	ltd_response_header(v->x, "Location", (struct ltd_slice){ to, n });
	return 0;
}

static int visit_index(struct visit *v, const char *name)
{
	struct static_file index;
	int error = -ENAMETOOLONG;

	if ((v->path.len == 0 || static_path_append(&v->path, "/")) &&
	    static_path_append(&v->path, name))
		error = static_find(&v->root, v->path.at, &index);
	if (error < 0)
		return error;
	static_file_close(&v->file);
	v->file = index;
	return S_ISREG(index.mode) ? visit_file(v) : -ENOENT;
}

static int visit_folder(struct visit *v)
{
	size_t len = v->path.len;

	if (!v->path.is_folder)
		return redirect(v);
	for (const char *name = v->site->index; *name; name += strlen(name) + 1) {
		int error = visit_index(v, name);

		if (error != -ENOENT)
			return error;
		static_path_cut(&v->path, len);
	}
	if (!v->site->has_listing) {
		ltd_response_error(v->x, 403, "this folder has no index");
		return 0;
	}
	return v->root.may_wait ? static_list(v->x, v->site, &v->root, &v->path) : -EAGAIN;
}

static int visit(struct visit *v)
{
	int error = static_find(&v->root, v->path.at, &v->file);

	if (error < 0)
		return error;
	if (S_ISDIR(v->file.mode))
		error = visit_folder(v);
	else if (S_ISREG(v->file.mode) && !v->path.is_folder)
		error = visit_file(v);
	else
		error = -ENOENT;
	static_file_close(&v->file);
	if (v->entry)
		static_entry_release(v->entry);
	return error;
}

/* --- what is not ---------------------------------------------------------------- */

static const struct {
	int error;
	unsigned status;
	const char *text;
} faults[] = {
	{ ENOENT, 404, "there is nothing at this path" },
	{ ENOTDIR, 404, "there is nothing at this path" },
	{ EXDEV, 404, "there is nothing at this path" }, /* a link that leads out of the folder */
	{ ELOOP, 404, "there is nothing at this path" },
	{ ENAMETOOLONG, 404, "there is nothing at this path" },
	{ EACCES, 403, "this file may not be read" },
	{ EPERM, 403, "this file may not be read" },
	{ EAGAIN, 503, "this file is being moved about" },
	{ EMFILE, 503, "too many files are open" },
	{ ENFILE, 503, "too many files are open" },
	{ ENOMEM, 503, "short of memory" },
};

#define FAULTS (sizeof faults / sizeof *faults)

static void answer_fault(const struct visit *v, int error)
{
	struct ltd_slice path = ltd_request_path(v->x);
	unsigned status = 500;
	const char *text = "this file cannot be read";

	for (size_t i = 0; i < FAULTS; i++)
		if (faults[i].error == -error) {
			status = faults[i].status;
			text = faults[i].text;
		}
	if (status >= 500)
		ltd_log(LTD_LOG_ERROR, "static:%s: %.*s: %s", v->site->folder, (int)path.len,
			path.at, strerror(-error));
	ltd_response_error(v->x, status, "%s", text);
}

/* Names that begin with a dot are as if they were not there. */
static bool may_show(const struct static_site *site, const struct static_path *p)
{
	const struct ltd_slice known = LTD_SLICE(".well-known");

	if (p->hidden == 0 || site->dotfiles == STATIC_DOTFILES_YES)
		return true;
	return site->dotfiles == STATIC_DOTFILES_WELL_KNOWN && p->hidden == 1 &&
	       p->len >= known.len && memcmp(p->at, known.at, known.len) == 0 &&
	       (p->len == known.len || p->at[known.len] == '/');
}

/* That the folder is gone is told once. */
static int open_root(struct visit *v, bool may_wait)
{
	struct static_site *site = v->site;
	int error = static_root_open(&v->root, site->folder, &site->abilities, may_wait);

	if (error == -EAGAIN && !may_wait)
		return error;
	if (atomic_load_explicit(&site->is_gone, memory_order_relaxed) == (error < 0))
		return error;
	if (!atomic_exchange(&site->is_gone, error < 0) && error < 0)
		ltd_log(LTD_LOG_ERROR, "static: cannot open %s: %s", site->folder, strerror(-error));
	return error;
}

static int serve(struct ltd_exchange *x, struct static_site *site, bool may_wait)
{
	struct visit v;
	enum static_path_verdict verdict = static_path_read(&v.path, ltd_request_subpath(x));
	int error = -ENOENT;

	if (verdict == STATIC_PATH_BAD) {
		ltd_response_error(x, 400, "this path cannot be read");
		return 0;
	}
	v.x = x;
	v.site = site;
	v.now_ns = file_clock_ns();
	v.file.fd = -1;
	v.entry = NULL;
	if (verdict == STATIC_PATH_OK && may_show(site, &v.path))
		error = open_root(&v, may_wait);
	if (error == 0) {
		error = visit(&v);
		static_root_close(&v.root);
	}
	if (error == -EAGAIN && !may_wait)
		return LTD_LATER;
	if (error < 0)
		answer_fault(&v, error);
	return 0;
}

static int attempt(struct ltd_exchange *x, void *state)
{
	return serve(x, state, false);
}

static int handle(struct ltd_exchange *x, void *state)
{
	return serve(x, state, true);
}

/* --- the app ---------------------------------------------------------------------- */

static int worker_start(void *state)
{
	struct static_site *site = state;

	if (site->cache_bytes) {
		site->cache = static_cache_new(site->cache_bytes);
		if (!site->cache)
			return -ENOMEM;
	}
	return 0;
}

static void worker_stop(void *state)
{
	struct static_site *site = state;

	static_cache_free(&site->cache);
}

static const struct ltd_route routes[] = {
	{ "/", LTD_SLOT, LTD_GET, .handle = handle, .attempt = attempt },
	{ .path = NULL },
};

extern const struct ltd_app static_app;

const struct ltd_app static_app = {
	.abi = LTD_ABI,
	.name = "static",
	.summary = "the files of a folder: static:DIR",
	.options = static_options,
	.routes = routes,
	.configure = static_configure,
	.worker_start = worker_start,
	.worker_stop = worker_stop,
	.release = static_release,
};
