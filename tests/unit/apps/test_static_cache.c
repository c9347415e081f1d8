/* Small files in memory: what is found, what goes, and who still holds it. */
#include "apps/static_cache.h"

#include <pthread.h>
#include <string.h>

#include "unit.h"

#define FILE_BYTES 1000
#define COST (sizeof(struct static_entry) + FILE_BYTES)

static struct static_identity identity_of(unsigned inode)
{
	return (struct static_identity){ .device = 1, .inode = inode, .size = FILE_BYTES };
}

static void keep(struct static_cache *cache, unsigned inode)
{
	struct static_identity identity = identity_of(inode);
	struct static_entry *e = static_entry_new(&identity);

	ck_assert_ptr_nonnull(e);
	memset(e->bytes, (int)(inode & 127), FILE_BYTES);
	static_cache_keep(cache, e);
	static_entry_release(e);
}

static bool has(struct static_cache *cache, unsigned inode)
{
	struct static_identity identity = identity_of(inode);
	struct static_entry *e = static_cache_find(cache, &identity, false);

	if (!e)
		return false;
	ck_assert_int_eq(e->bytes[FILE_BYTES - 1], inode & 127);
	static_entry_release(e);
	return true;
}

START_TEST(a_file_is_found_by_all_of_its_identity)
{
	struct static_cache *cache = static_cache_new(10 * COST);
	const struct static_identity others[] = {
		{ .device = 2, .inode = 7, .size = FILE_BYTES },
		{ .device = 1, .inode = 8, .size = FILE_BYTES },
		{ .device = 1, .inode = 7, .size = FILE_BYTES - 1 },
		{ .device = 1, .inode = 7, .size = FILE_BYTES, .modified_ns = 1 },
		{ .device = 1, .inode = 7, .size = FILE_BYTES, .changed_ns = 1 },
	};

	ck_assert(!has(cache, 7));
	keep(cache, 7);
	ck_assert(has(cache, 7));
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		ck_assert_ptr_null(static_cache_find(cache, &others[i], true));
	static_cache_free(&cache);
	ck_assert_ptr_null(cache);
}
END_TEST

START_TEST(what_was_not_used_for_longest_goes_first)
{
	struct static_cache *cache = static_cache_new(3 * COST + COST / 2);

	for (unsigned i = 1; i <= 3; i++)
		keep(cache, i);
	ck_assert(has(cache, 1)); /* now 2 is the oldest */
	keep(cache, 4);
	ck_assert(has(cache, 1) && !has(cache, 2) && has(cache, 3) && has(cache, 4));
	keep(cache, 1); /* there already */
	for (unsigned i = 100; i < 1000; i++)
		keep(cache, i);
	ck_assert(has(cache, 999) && has(cache, 998) && has(cache, 997) && !has(cache, 996));
	static_cache_free(&cache);
}
END_TEST

START_TEST(what_is_too_large_for_all_of_it_is_not_kept)
{
	struct static_cache *cache = static_cache_new(COST - 1);

	keep(cache, 1);
	ck_assert(!has(cache, 1));
	static_cache_free(&cache);
}
END_TEST

START_TEST(a_user_holds_what_the_cache_has_dropped)
{
	struct static_cache *cache = static_cache_new(COST);
	struct static_identity identity = identity_of(1);

	keep(cache, 1);
	struct static_entry *e = static_cache_find(cache, &identity, true);
	keep(cache, 2);
	ck_assert(!has(cache, 1));
	static_cache_free(&cache);
	ck_assert_int_eq(e->bytes[FILE_BYTES - 1], 1);
	static_entry_release(e);
}
END_TEST

static void *use_at_random(void *argument)
{
	struct static_cache *cache = argument;
	unsigned seed = (unsigned)(uintptr_t)&seed;

	for (int i = 0; i < 20000; i++) {
		seed = seed * 1103515245 + 12345;
		unsigned inode = seed >> 16 & 31;

		if (!has(cache, inode))
			keep(cache, inode);
	}
	return NULL;
}

/* For the sanitizers: look-ups, insertions and evictions from several threads. */
START_TEST(many_threads_at_once)
{
	struct static_cache *cache = static_cache_new(10 * COST);
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, use_at_random, cache), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	static_cache_free(&cache);
}
END_TEST

UNIT_SUITE_OF(static_cache, a_file_is_found_by_all_of_its_identity,
	      what_was_not_used_for_longest_goes_first, what_is_too_large_for_all_of_it_is_not_kept,
	      a_user_holds_what_the_cache_has_dropped, many_threads_at_once)
