/*
 * Blocks of one size, kept for reuse, last in first out: the block handed out is the one
 * most lately in the cache.  One thread at a time.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stddef.h>

struct pool {
	size_t block_bytes;
	size_t kept, keep_max; /* spare blocks beyond keep_max go back to the heap */
	void *spare;
};

void pool_init(struct pool *p, size_t block_bytes, size_t keep_max);

/* Frees the spare blocks; those handed out stay their holders'. */
void pool_fini(struct pool *p);

/* Not zeroed.  NULL when memory is short. */
void *pool_get(struct pool *p);
void pool_put(struct pool *p, void *block);

#endif
