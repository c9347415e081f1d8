/* A piece of bytes somebody else owns.  Not terminated by a NUL. */
#ifndef LITTLED_SLICE_H
#define LITTLED_SLICE_H

#include <stddef.h>

/* `at` is NULL when there is no such thing (as opposed to an empty one). */
struct ltd_slice {
	const char *at;
	size_t len;
};

#define LTD_SLICE(literal) ((struct ltd_slice){ (literal), sizeof(literal) - 1 })

#endif
