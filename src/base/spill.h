/*
 * A spill: bytes too many to keep in memory, in a temporary file that has no name.
 *
 * Written once from its beginning to its end, then read, in pieces or mapped.  Nothing depends
 * on the file's offset, so copies of the descriptor in several processes do not disturb each
 * other.  It is gone with its last descriptor.
 */
#ifndef BASE_SPILL_H
#define BASE_SPILL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/slice.h"

struct spill {
	int fd; /* -1: there is none */
	uint64_t bytes;
	void *map; /* NULL: not mapped */
};

#define SPILL_NONE ((struct spill){ .fd = -1 })

/* Makes an empty one in that directory.  0 or a negative errno value. */
int spill_open(struct spill *s, const char *directory);
void spill_close(struct spill *s);

/* 0 or a negative errno value (-ENOSPC): what is in it is then of no use. */
int spill_append(struct spill *s, const void *from, size_t len);

/* Bytes read from `offset` on, 0 at the end, or a negative errno value. */
ssize_t spill_read(const struct spill *s, uint64_t offset, void *to, size_t max);

/* All of it in memory, read as it is touched.  0 or a negative errno value. */
int spill_map(struct spill *s);

/* What spill_map() has mapped. */
static inline struct ltd_slice spill_slice(const struct spill *s)
{
	return slice_of(s->map ? s->map : "", s->map ? (size_t)s->bytes : 0);
}

#endif
