/*
 * What is in a folder, as a page.  Runs in: slot.
 *
 * Only what would be served is listed: no hidden names, no links that lead out, no devices.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "static.h"
#include "static_text.h"

/* So many are on a page; that there are more is said at its end. */
#define ROWS_MAX 10000

#define NAME_BYTES 256 /* NAME_MAX and a NUL */
#define NS_PER_S 1000000000

struct row {
	char *name;
	bool is_folder;
	uint64_t size;
	int64_t modified_s;
};

struct listing {
	struct row *row;
	size_t count, room;
	bool has_more;
};

static void free_rows(struct listing *l)
{
	while (l->count > 0)
		free(l->row[--l->count].name);
	free(l->row);
}

/* --- reading -------------------------------------------------------------------- */

static int add_row(struct listing *l, const char *name, const struct static_file *f)
{
	if (l->count == l->room) {
		size_t room = l->room ? l->room * 2 : 64;
		struct row *more = realloc(l->row, room * sizeof *more);

		if (!more)
			return -ENOMEM;
		l->row = more;
		l->room = room;
	}
	struct row *row = &l->row[l->count];
	*row = (struct row){
		.name = strdup(name),
		.is_folder = S_ISDIR(f->mode),
		.size = f->identity.size,
		.modified_s = f->identity.modified_ns / NS_PER_S,
	};
	if (!row->name)
		return -ENOMEM;
	l->count++;
	return 0;
}

/* One name of the folder, if there is behind it what can be served. */
static int look_at(struct listing *l, const struct static_site *site,
		   const struct static_root *root, struct static_path *path, const char *name)
{
	struct static_file f;
	size_t len = path->len;
	int error = -ENAMETOOLONG;

	if (name[0] == '.' && (site->dotfiles != STATIC_DOTFILES_YES || strcmp(name, ".") == 0 ||
			       strcmp(name, "..") == 0))
		return 0;
	if ((len == 0 || static_path_append(path, "/")) && static_path_append(path, name))
		error = static_find(root, path->at, &f);
	static_path_cut(path, len);
	if (error < 0)
		return 0;
	if (S_ISDIR(f.mode) || S_ISREG(f.mode))
		error = add_row(l, name, &f);
	static_file_close(&f);
	return error;
}

static int read_rows(struct listing *l, DIR *folder, const struct static_site *site,
		     const struct static_root *root, struct static_path *path)
{
	int error = 0;

	while (error == 0) {
		errno = 0;
		const struct dirent *d = readdir(folder);

		if (!d)
			return -errno;
		l->has_more = l->count == ROWS_MAX;
		if (l->has_more)
			return 0;
		error = look_at(l, site, root, path, d->d_name);
	}
	return error;
}

/* Folders first, then by the bytes of the name. */
static int in_order(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->is_folder != y->is_folder)
		return y->is_folder - x->is_folder;
	return strcmp(x->name, y->name);
}

/* --- writing --------------------------------------------------------------------- */

static void write_text(struct ltd_exchange *x, const char *text)
{
	ltd_response_write(x, text, strlen(text));
}

/* Text between tags. */
static void write_escaped(struct ltd_exchange *x, struct ltd_slice s)
{
	static const char *const escapes[128] = {
		['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;",
	};
	size_t from = 0;

	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.at[i];

		if (c >= 128 || !escapes[c])
			continue;
		ltd_response_write(x, s.at + from, i - from);
		write_text(x, escapes[c]);
		from = i + 1;
	}
	ltd_response_write(x, s.at + from, s.len - from);
}

static void write_row(struct ltd_exchange *x, const struct row *row)
{
	const char *slash = row->is_folder ? "/" : "";
	char link[3 * NAME_BYTES], date[32];
	time_t at = (time_t)row->modified_s;
	struct tm t;

	gmtime_r(&at, &t);
	strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &t);
	size_t n = static_path_encode(link, text_of(row->name), false);
	ltd_response_printf(x, "<tr><td><a href=\"%.*s%s\">", (int)n, link, slash);
	write_escaped(x, text_of(row->name));
	ltd_response_printf(x, "%s</a></td><td>%s</td><td>", slash, date);
	if (!row->is_folder)
		ltd_response_printf(x, "%lu", row->size);
	write_text(x, "</td></tr>\n");
}

static void write_title(struct ltd_exchange *x, const struct static_path *path)
{
	struct ltd_slice whole = ltd_request_path(x), below = ltd_request_subpath(x);

	write_text(x, "Index of ");
	if (whole.len > below.len)
		write_escaped(x, (struct ltd_slice){ whole.at, whole.len - below.len });
	write_text(x, "/");
	write_escaped(x, (struct ltd_slice){ path->at, path->len });
	write_text(x, path->len ? "/" : "");
}

static void write_page(struct ltd_exchange *x, const struct listing *l,
		       const struct static_path *path)
{
	ltd_response_type(x, "text/html; charset=utf-8");
	write_text(x, "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">"
		      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
	write_title(x, path);
	write_text(x, "</title>\n<style>td { padding-right: 2em } "
		      "td:last-child { text-align: right }</style></head>\n<body>\n<h1>");
	write_title(x, path);
	write_text(x, "</h1>\n<table>\n");
	if (path->len)
		write_text(x, "<tr><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n");
	for (size_t i = 0; i < l->count; i++)
		write_row(x, &l->row[i]);
	write_text(x, "</table>\n");
	if (l->has_more)
		ltd_response_printf(x, "<p>Only %d are shown: there are more.</p>\n", ROWS_MAX);
	write_text(x, "</body>\n</html>\n");
}

int static_list(struct ltd_exchange *x, const struct static_site *site,
		const struct static_root *root, struct static_path *path)
{
	struct listing l = { .row = NULL };
	struct static_file f;
	int error = static_find_open(root, path->at, &f);

	if (error < 0)
		return error;
	DIR *folder = fdopendir(f.fd);
	if (!folder) {
		error = -errno;
		static_file_close(&f);
		return error;
	}
	error = read_rows(&l, folder, site, root, path);
	closedir(folder);
	if (error == 0) {
		if (l.count) /* of an empty folder there is nothing to sort, not even an array */
			qsort(l.row, l.count, sizeof *l.row, in_order);
		write_page(x, &l, path);
	}
	free_rows(&l);
	return error;
}
