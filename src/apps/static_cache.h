/*
 * The bytes of small files that were asked for lately; one cache a worker.
 *
 * An entry is found by a file's identity, not by its name: whoever looks has just seen the file
 * itself, so what is found is what is on the disk, and nothing ever needs to be thrown out for
 * being old.  Files the leader does not find here are read in a slot, which puts them here.
 *
 * One lock, held for a look-up or an insertion, never while a file is read or bytes are copied.
 * The leader does not wait for it.
 */
#ifndef APPS_STATIC_CACHE_H
#define APPS_STATIC_CACHE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "static_find.h"
#include "static_labels.h"

/* A file's bytes, and the fields that name its state.  Nobody changes one. */
struct static_entry {
	struct static_identity identity;
	struct static_labels labels;
	struct static_entry *next;          /* in its bucket */
	struct static_entry *newer, *older; /* by last use */
	_Atomic unsigned users;             /* the cache is one */
	char bytes[];
};

struct static_cache;

/* At most `max_bytes` for all entries, room for their heads included.  NULL: out of memory. */
struct static_cache *static_cache_new(size_t max_bytes);
void static_cache_free(struct static_cache **cache);

/*
 * The entry of a file, to be given back with static_entry_release(), or NULL.  With may_wait
 * false, NULL also while somebody else has the lock.
 */
struct static_entry *static_cache_find(struct static_cache *cache,
				       const struct static_identity *identity, bool may_wait);

/* A new entry for a file of this identity, its bytes not yet there; its only user is the caller. */
struct static_entry *static_entry_new(const struct static_identity *identity);

/* Keeps it for others, in place of those that were not used for the longest time. */
void static_cache_keep(struct static_cache *cache, struct static_entry *e);

void static_entry_release(struct static_entry *e);

#endif
