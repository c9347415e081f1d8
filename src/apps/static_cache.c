/* Small files in memory.  Runs in: leader, slot. */
#include "static_cache.h"

#include <pthread.h>
#include <stdlib.h>

/* Buckets for so many bytes of cache each; files are rarely smaller. */
#define BYTES_PER_BUCKET 4096
#define BUCKETS_MIN 16

struct static_cache {
	pthread_mutex_t lock;
	size_t max_bytes, bytes;
	size_t mask;                          /* buckets - 1 */
	struct static_entry *newest, *oldest; /* by last use */
	struct static_entry *bucket[];
};

static size_t cost(const struct static_entry *e)
{
	return sizeof *e + e->identity.size;
}

struct static_cache *static_cache_new(size_t max_bytes)
{
	size_t buckets = BUCKETS_MIN;

	while (buckets < max_bytes / BYTES_PER_BUCKET)
		buckets *= 2;
	struct static_cache *cache = calloc(1, sizeof *cache + buckets * sizeof *cache->bucket);
	if (!cache)
		return NULL;
	pthread_mutex_init(&cache->lock, NULL);
	cache->max_bytes = max_bytes;
	cache->mask = buckets - 1;
	return cache;
}

/* --- the list by last use, and the buckets; lock held ------------------------ */

static struct static_entry **bucket_of(struct static_cache *cache,
				       const struct static_identity *identity)
{
	uint64_t hash = (identity->inode ^ identity->device << 32) * 0x9e3779b97f4a7c15u;

	return &cache->bucket[(hash >> 32) & cache->mask];
}

static void unlist(struct static_cache *cache, struct static_entry *e)
{
	*(e->newer ? &e->newer->older : &cache->newest) = e->older;
	*(e->older ? &e->older->newer : &cache->oldest) = e->newer;
}

static void list_newest(struct static_cache *cache, struct static_entry *e)
{
	e->newer = NULL;
	e->older = cache->newest;
	*(e->older ? &e->older->newer : &cache->oldest) = e;
	cache->newest = e;
}

static struct static_entry *find(struct static_cache *cache, const struct static_identity *identity)
{
	struct static_entry *e = *bucket_of(cache, identity);

	while (e && !static_identity_eq(&e->identity, identity))
		e = e->next;
	return e;
}

static void drop(struct static_cache *cache, struct static_entry *e)
{
	struct static_entry **at = bucket_of(cache, &e->identity);

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	unlist(cache, e);
	cache->bytes -= cost(e);
	static_entry_release(e);
}

/* --- from outside ------------------------------------------------------------ */

void static_cache_free(struct static_cache **cache)
{
	struct static_cache *c = *cache;

	*cache = NULL;
	if (!c)
		return;
	while (c->oldest)
		drop(c, c->oldest);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

struct static_entry *static_cache_find(struct static_cache *cache,
				       const struct static_identity *identity, bool may_wait)
{
	if (may_wait)
		pthread_mutex_lock(&cache->lock);
	else if (pthread_mutex_trylock(&cache->lock) != 0)
		return NULL;

	struct static_entry *e = find(cache, identity);
	if (e) {
		unlist(cache, e);
		list_newest(cache, e);
		atomic_fetch_add_explicit(&e->users, 1, memory_order_relaxed);
	}
	pthread_mutex_unlock(&cache->lock);
	return e;
}

struct static_entry *static_entry_new(const struct static_identity *identity)
{
	struct static_entry *e = malloc(sizeof *e + identity->size);

	if (!e)
		return NULL;
	e->identity = *identity;
	e->next = e->newer = e->older = NULL;
	atomic_init(&e->users, 1);
	return e;
}

void static_cache_keep(struct static_cache *cache, struct static_entry *e)
{
	if (cost(e) > cache->max_bytes)
		return;
	pthread_mutex_lock(&cache->lock);
	if (!find(cache, &e->identity)) { /* nobody else was faster */
		struct static_entry **bucket = bucket_of(cache, &e->identity);

		while (cache->bytes + cost(e) > cache->max_bytes)
			drop(cache, cache->oldest);
		e->next = *bucket;
		*bucket = e;
		list_newest(cache, e);
		cache->bytes += cost(e);
		atomic_fetch_add_explicit(&e->users, 1, memory_order_relaxed);
	}
	pthread_mutex_unlock(&cache->lock);
}

void static_entry_release(struct static_entry *e)
{
	if (atomic_fetch_sub_explicit(&e->users, 1, memory_order_acq_rel) == 1)
		free(e);
}
