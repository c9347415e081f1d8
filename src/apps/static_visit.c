/* What is at a path: a file, a folder with its index, a folder without.  Runs in: leader, slot. */
#include "static_visit.h"

#include <errno.h>
#include <sys/stat.h>

#include "static_text.h"

#define NS_PER_S 1000000000

static void send_file(struct static_visit *v)
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

/* A form that cannot be read, or is there no more, does not hide the file as it is. */
static int obtain_plain(struct static_visit *v, size_t path_len)
{
	v->source.coding = NULL;
	static_path_cut(&v->path, path_len);
	static_file_close(&v->file);
	int error = static_find(&v->root, v->path.at, &v->file);
	if (error < 0)
		return error;
	return S_ISREG(v->file.mode) ? static_obtain(v) : -ENOENT;
}

static int visit_file(struct static_visit *v)
{
	const struct static_types *types = &v->site->types;
	size_t len = v->path.len;
	int error = 0;

	v->source = (struct static_source){
		.type = static_types_find(types, static_path_name(&v->path)),
		.fd = -1,
	};
	static_asked_read(&v->asked, v->x);
	if (v->site->is_precompressed && !v->source.type->is_packed)
		error = static_choose(v);
	if (error == 0)
		error = static_obtain(v);
	if (error < 0 && v->source.coding && v->root.may_wait)
		error = obtain_plain(v, len);
	if (error == 0)
		send_file(v);
	return error;
}

/*
 * To the same path with a slash behind it: without one, the links in an index lead astray.  The
 * path is written anew from what it was read as, so that "//host" does not become a host.
 */
static int redirect(struct static_visit *v)
{
	struct ltd_slice path = ltd_request_path(v->x), below = ltd_request_subpath(v->x);
	struct ltd_slice query = ltd_request_query(v->x);
	size_t prefix = v->path.len ? path.len - below.len : path.len, n = prefix;
	char *to = ltd_alloc(v->x, prefix + 3 * v->path.len + query.len + 3);

	if (!to)
		return -ENOMEM;
	memcpy(to, path.at, prefix);
	if (v->path.len) {
		to[n++] = '/';
		n += static_path_encode(to + n, (struct ltd_slice){ v->path.at, v->path.len }, true);
	}
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

static int visit_index(struct static_visit *v, const char *name)
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

static int visit_folder(struct static_visit *v)
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

int static_visit(struct static_visit *v)
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
