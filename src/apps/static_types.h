/* What kind of thing a file is: its media type, by the end of its name. */
#ifndef APPS_STATIC_TYPES_H
#define APPS_STATIC_TYPES_H

#include <stdbool.h>
#include <stddef.h>

#include <littled/slice.h>

struct static_type {
	char *ending;   /* in lower case; of `other`: NULL */
	char *text;     /* the value of Content-Type */
	bool is_packed; /* compressed already */
};

/* Made once from the table and the settings; read by all. */
struct static_types {
	struct static_type *at; /* sorted by ending, none twice */
	size_t count;
	struct static_type other; /* of files whose ending is not there */
};

/*
 * `extra`: "md=text/plain woff3=font/woff3", separated by spaces, before the table.  `charset`
 * goes behind text types of the table and of `extra`, but not behind one that has parameters
 * already; "" for none.  `fallback`: the type of everything else.
 *
 * 0; -EINVAL: `extra` is not like that, *bad is the piece that is not; -ENOMEM.
 */
int static_types_open(struct static_types *t, const char *extra, const char *charset,
		      const char *fallback, struct ltd_slice *bad);
void static_types_close(struct static_types *t);

/* Never NULL.  `name` is a file's, without its folder. */
const struct static_type *static_types_find(const struct static_types *t, struct ltd_slice name);

#endif
