/*
 * The static app: the files of a folder.
 *
 *	path -> find -> encodings -> cache or open -> conditions -> ranges -> response
 *
 * Every request is tried by the same code once or twice: first by the leader, which never waits
 * (names from the kernel's cache, bytes from ours), then, if that did not do, in a slot, which
 * may.
 */
#ifndef APPS_STATIC_H
#define APPS_STATIC_H

#include <littled/app.h>

#include "static_asked.h"
#include "static_cache.h"
#include "static_find.h"
#include "static_path.h"
#include "static_types.h"

/* Which names that begin with a dot are served. */
enum static_dotfiles { STATIC_DOTFILES_NO, STATIC_DOTFILES_WELL_KNOWN, STATIC_DOTFILES_YES };

/* What the settings say, and what became of them. */
struct static_site {
	char *folder; /* its absolute path */
	struct static_abilities abilities;
	struct static_types types;
	char *index; /* names one behind the other, each with its NUL, an empty one at the end */
	char *cache_control; /* "": the field is not sent */
	bool has_listing, is_precompressed;
	enum static_dotfiles dotfiles;
	size_t ranges_max;
	size_t cache_bytes, cache_file_bytes;
	struct static_cache *cache; /* of this worker, or NULL */
	_Atomic bool is_gone;       /* the folder cannot be opened, and the log says so */
	_Atomic int told;           /* the last errno value on the log for a file, */
	_Atomic int64_t told_ns;    /* and when */
};

/* --- static_settings.c: in the master ---------------------------------------- */

extern const struct ltd_option static_options[];

int static_configure(const struct ltd_settings *settings, void **state);
void static_release(void *state);

/* --- static_send.c ------------------------------------------------------------ */

/* A file that was found, chosen among its encodings, and may be read. */
struct static_source {
	const struct static_type *type;
	const struct static_labels *labels;
	const char *coding; /* of its content, or NULL */
	bool varies;        /* another client might have got another file */
	uint64_t size;
	const char *bytes; /* all of it, or NULL: then it is */
	int fd;
	bool is_given; /* fd belongs to the response */
};

/* Answers a GET or HEAD of it, whatever the conditions and ranges. */
void static_send(struct ltd_exchange *x, const struct static_site *site, struct static_source *s,
		 const struct static_asked *asked, int64_t now_s);

/* --- static_listing.c --------------------------------------------------------- */

/* Answers with what is in the folder.  0 or a negative errno value.  Slot only. */
int static_list(struct ltd_exchange *x, const struct static_site *site,
		const struct static_root *root, struct static_path *path);

#endif
