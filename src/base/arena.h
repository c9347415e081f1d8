/*
 * Memory that is given back all at once.
 *
 * The first block belongs to the caller (an exchange embeds it, so that the common request
 * allocates nothing); more come from the heap, up to a maximum.  Running short sticks.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct arena_block;

struct arena {
	char *at, *end;             /* what is left of the current block */
	char *first, *first_end;    /* the caller's block */
	struct arena_block *blocks; /* heap blocks, newest first */
	size_t heap_bytes, max_bytes;
	bool is_short;
};

/* max_bytes bounds the heap blocks together. */
void arena_init(struct arena *a, void *first, size_t first_bytes, size_t max_bytes);

/* Frees the heap blocks; everything allocated is gone. */
void arena_reset(struct arena *a);

/* Aligned for any type; NULL when short (sticky).  Not zeroed. */
void *arena_alloc(struct arena *a, size_t bytes);

/* Would so many be got, as far as its maximum goes?  For what can be done without. */
bool arena_has_room(const struct arena *a, size_t bytes);

/* A copy of the bytes, with a NUL behind them that does not count. */
struct ltd_slice arena_copy(struct arena *a, struct ltd_slice bytes);

/*
 * Makes the newest allocation larger, in place if it can, else by copying.
 * `old` may be NULL.  NULL when short.
 */
void *arena_grow(struct arena *a, void *old, size_t old_bytes, size_t new_bytes);

#endif
