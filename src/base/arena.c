/* An arena with a caller-owned first block.  Runs in: any; one thread an arena. */
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>

#define ALIGNMENT 16
#define BLOCK_BYTES 16384

struct arena_block {
	struct arena_block *next;
	size_t bytes;
	_Alignas(ALIGNMENT) char space[];
};

void arena_init(struct arena *a, void *first, size_t first_bytes, size_t max_bytes)
{
	*a = (struct arena){
		.at = first,
		.end = (char *)first + first_bytes,
		.first = first,
		.first_end = (char *)first + first_bytes,
		.max_bytes = max_bytes,
	};
}

void arena_reset(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *b = a->blocks;

		a->blocks = b->next;
		free(b);
	}
	a->heap_bytes = 0;
	a->is_short = false;
	a->at = a->first;
	a->end = a->first_end;
}

static bool add_block(struct arena *a, size_t bytes)
{
	size_t space = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;

	if (space > a->max_bytes - a->heap_bytes)
		space = bytes;
	if (space > a->max_bytes - a->heap_bytes)
		return false;

	struct arena_block *b = malloc(sizeof *b + space);
	if (!b)
		return false;
	b->next = a->blocks;
	b->bytes = space;
	a->blocks = b;
	a->heap_bytes += space;
	a->at = b->space;
	a->end = b->space + space;
	return true;
}

static char *aligned(const struct arena *a)
{
	uintptr_t at = ((uintptr_t)a->at + ALIGNMENT - 1) & ~(uintptr_t)(ALIGNMENT - 1);

	return (char *)at;
}

bool arena_has_room(const struct arena *a, size_t bytes)
{
	const char *at = aligned(a);

	if (a->is_short)
		return false;
	return (at <= a->end && bytes <= (size_t)(a->end - at)) ||
	       bytes <= a->max_bytes - a->heap_bytes;
}

void *arena_alloc(struct arena *a, size_t bytes)
{
	char *at = aligned(a);

	if (a->is_short)
		return NULL;
	if (at > a->end || bytes > (size_t)(a->end - at)) {
		if (bytes > a->max_bytes || !add_block(a, bytes)) {
			a->is_short = true;
			return NULL;
		}
		at = aligned(a);
	}
	a->at = at + bytes;
	return at;
}

struct ltd_slice arena_copy(struct arena *a, struct ltd_slice bytes)
{
	char *copy = arena_alloc(a, bytes.len + 1);

	if (!copy)
		return slice_of(NULL, 0);
	if (bytes.len)
		memcpy(copy, bytes.at, bytes.len);
	copy[bytes.len] = '\0';
	return slice_of(copy, bytes.len);
}

void *arena_grow(struct arena *a, void *old, size_t old_bytes, size_t new_bytes)
{
	char *newest = old;

	if (newest && newest + old_bytes == a->at && new_bytes <= (size_t)(a->end - newest)) {
		a->at = newest + new_bytes;
		return old;
	}

	void *copy = arena_alloc(a, new_bytes);
	if (copy && old_bytes)
		memcpy(copy, old, old_bytes);
	return copy;
}
