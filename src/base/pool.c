/* A freelist of equal blocks.  Runs in: leader. */
#include "base/pool.h"

#include <assert.h>
#include <stdlib.h>

void pool_init(struct pool *p, size_t block_bytes, size_t keep_max)
{
	assert(block_bytes >= sizeof(void *));
	*p = (struct pool){ .block_bytes = block_bytes, .keep_max = keep_max };
}

void pool_fini(struct pool *p)
{
	while (p->spare) {
		void *block = p->spare;

		p->spare = *(void **)block;
		free(block);
	}
	p->kept = 0;
}

void *pool_get(struct pool *p)
{
	void *block = p->spare;

	if (!block)
		return malloc(p->block_bytes);
	p->spare = *(void **)block;
	p->kept--;
	return block;
}

void pool_put(struct pool *p, void *block)
{
	if (p->kept >= p->keep_max) {
		free(block);
		return;
	}
	*(void **)block = p->spare;
	p->spare = block;
	p->kept++;
}
