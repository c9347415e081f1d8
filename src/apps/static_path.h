/*
 * From the path of a request to the path of a file below the root.
 *
 * This is a courtesy, not the guard: that nothing outside the root is ever reached is the
 * kernel's business (static_find.h).
 */
#ifndef APPS_STATIC_PATH_H
#define APPS_STATIC_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include <littled/slice.h>

/* What openat2(2) takes at most, with the NUL (PATH_MAX). */
#define STATIC_PATH_BYTES 4096

struct static_path {
	char at[STATIC_PATH_BYTES]; /* "a/b.txt": no slash at its ends, none twice; "" is the root */
	size_t len;
	bool is_folder;  /* the request's path ended in a slash */
	unsigned hidden; /* how many of its names begin with a dot */
};

enum static_path_verdict {
	STATIC_PATH_OK,
	STATIC_PATH_BAD,    /* a '%' without two digits, or a NUL: 400 */
	STATIC_PATH_NOWHERE /* no file can have it: above the root, a slash in a name, too long */
};

/*
 * Percent-decodes once, takes "." and ".." out (encoded or not: RFC 3986 5.2.4, 6.2.2.2) and
 * joins slashes.  An encoded slash is a byte of a name, which no file has.
 */
enum static_path_verdict static_path_read(struct static_path *p, struct ltd_slice encoded);

/* Puts `text` behind the path; false if that is too long, and nothing is changed. */
bool static_path_append(struct static_path *p, const char *text);

/* Takes off again what was put behind the first `len` bytes. */
void static_path_cut(struct static_path *p, size_t len);

/* The last name: "b.txt". */
struct ltd_slice static_path_name(const struct static_path *p);

/*
 * Percent-encodes what may not stand in one segment of a path (RFC 3986 3.3; ':' too, so that a
 * name is never taken for a scheme).  With `keep_slashes`, '/' stays.  `out` has room for three
 * times as many bytes.  Returns the length.
 */
size_t static_path_encode(char *out, struct ltd_slice path, bool keep_slashes);

#endif
