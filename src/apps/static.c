/* The static app: requests, and what goes wrong with them.  Runs in: leader, slot. */
#include "static.h"

#include <errno.h>
#include <time.h>

#include "static_text.h"
#include "static_visit.h"

#define NS_PER_S 1000000000
#define TELL_EVERY_NS (60ll * NS_PER_S)

/* --- what cannot be answered -------------------------------------------------------- */

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

/* The same thing is told once a minute: what is wrong with one file is with others. */
static bool is_news(struct static_site *site, int error, int64_t now_ns)
{
	int64_t told_ns = atomic_load_explicit(&site->told_ns, memory_order_relaxed);

	if (atomic_exchange(&site->told, error) == error && told_ns &&
	    now_ns - told_ns < TELL_EVERY_NS)
		return false;
	atomic_store_explicit(&site->told_ns, now_ns, memory_order_relaxed);
	return true;
}

static void answer_fault(const struct static_visit *v, int error)
{
	struct ltd_slice path = ltd_request_path(v->x);
	unsigned status = 500;
	const char *text = "this file cannot be read";

	for (size_t i = 0; i < FAULTS; i++)
		if (faults[i].error == -error) {
			status = faults[i].status;
			text = faults[i].text;
		}
	if (status >= 500 && is_news(v->site, error, v->now_ns))
		ltd_log(LTD_LOG_ERROR, "static:%s: %.*s: %s", v->site->folder, (int)path.len,
			path.at, strerror(-error));
	ltd_response_error(v->x, status, "%s", text);
}

/* --- requests ---------------------------------------------------------------------- */

/* Not the coarse clock: a file just written may be a tick ahead of that. */
static int64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
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

/* A shortage says nothing of the folder. */
static bool is_shortage(int error)
{
	return error == -EMFILE || error == -ENFILE || error == -ENOMEM;
}

/* That the folder is gone is told once. */
static int open_root(struct static_visit *v, bool may_wait)
{
	struct static_site *site = v->site;
	int error = static_root_open(&v->root, site->folder, &site->abilities, may_wait);

	if ((error == -EAGAIN && !may_wait) || is_shortage(error))
		return error;
	if (atomic_load_explicit(&site->is_gone, memory_order_relaxed) == (error < 0))
		return error;
	if (!atomic_exchange(&site->is_gone, error < 0) && error < 0)
		ltd_log(LTD_LOG_ERROR, "static: cannot open %s: %s", site->folder, strerror(-error));
	return error;
}

/* "/files", where the folder is served below "/files/": it lacks the slash like any other folder. */
static bool is_mount_without_slash(struct ltd_exchange *x)
{
	struct ltd_slice path = ltd_request_path(x), below = ltd_request_subpath(x);

	return below.len == 1 && path.at[path.len - 1] != '/';
}

static int serve(struct ltd_exchange *x, struct static_site *site, bool may_wait)
{
	struct static_visit v;
	enum static_path_verdict verdict = static_path_read(&v.path, ltd_request_subpath(x));
	int error = -ENOENT;

	if (verdict == STATIC_PATH_BAD) {
		ltd_response_error(x, 400, "this path cannot be read");
		return 0;
	}
	if (is_mount_without_slash(x))
		v.path.is_folder = false;
	v.x = x;
	v.site = site;
	v.now_ns = clock_ns();
	v.file.fd = -1;
	v.entry = NULL;
	if (verdict == STATIC_PATH_OK && may_show(site, &v.path))
		error = open_root(&v, may_wait);
	if (error == 0) {
		error = static_visit(&v);
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
