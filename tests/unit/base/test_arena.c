/* Arenas: the first block, the heap behind it, and the limit. */
#include "base/arena.h"

#include <stdint.h>

#include "unit.h"

static _Alignas(16) char first[256];

START_TEST(the_first_block_comes_first)
{
	struct arena a;

	arena_init(&a, first, sizeof first, 1 << 20);
	char *one = arena_alloc(&a, 100), *two = arena_alloc(&a, 100);
	ck_assert(one >= first && one + 100 <= two && two + 100 <= first + sizeof first);
	char *three = arena_alloc(&a, 100);
	ck_assert_ptr_nonnull(three);
	ck_assert(three < first || three >= first + sizeof first);
	arena_reset(&a);
	ck_assert_ptr_eq(arena_alloc(&a, 100), one);
	ck_assert_uint_eq(a.heap_bytes, 0);
	arena_reset(&a);
}
END_TEST

START_TEST(pieces_are_aligned_and_apart)
{
	struct arena a;
	char *before = NULL;

	arena_init(&a, first + 1, sizeof first - 1, 1 << 20);
	for (size_t n = 1; n < 300; n++) {
		char *piece = arena_alloc(&a, n);

		ck_assert_ptr_nonnull(piece);
		ck_assert_uint_eq((uintptr_t)piece % 16, 0);
		memset(piece, (int)n, n);
		if (before)
			ck_assert_int_eq(before[n - 2], (char)(n - 1));
		before = piece;
	}
	arena_reset(&a);
}
END_TEST

START_TEST(running_short_sticks_until_reset)
{
	struct arena a;

	arena_init(&a, first, sizeof first, 1000);
	ck_assert_ptr_nonnull(arena_alloc(&a, 900));
	ck_assert_ptr_null(arena_alloc(&a, 300));
	ck_assert(a.is_short);
	ck_assert_ptr_null(arena_alloc(&a, 1));
	ck_assert_ptr_null(arena_copy(&a, LTD_SLICE("x")).at);
	arena_reset(&a);
	ck_assert(!a.is_short);
	ck_assert_ptr_nonnull(arena_alloc(&a, 1000));
	ck_assert_ptr_null(arena_alloc(&a, SIZE_MAX));
	arena_reset(&a);
}
END_TEST

START_TEST(an_arena_of_nothing_is_short_at_once)
{
	struct arena a;

	arena_init(&a, first, 0, 0);
	ck_assert_ptr_null(arena_alloc(&a, 1));
	arena_reset(&a);
}
END_TEST

START_TEST(copies_end_in_a_nul)
{
	struct arena a;

	arena_init(&a, first, sizeof first, 0);
	struct ltd_slice copy = arena_copy(&a, LTD_SLICE("abc"));
	ck_assert_uint_eq(copy.len, 3);
	ck_assert_str_eq(copy.at, "abc");
	copy = arena_copy(&a, slice_of(NULL, 0));
	ck_assert_ptr_nonnull(copy.at);
	ck_assert_uint_eq(copy.len, 0);
	arena_reset(&a);
}
END_TEST

START_TEST(the_newest_piece_grows_in_place)
{
	struct arena a;

	arena_init(&a, first, sizeof first, 1 << 20);
	char *piece = arena_grow(&a, NULL, 0, 16);
	memset(piece, 'x', 16);
	ck_assert_ptr_eq(arena_grow(&a, piece, 16, 64), piece);
	arena_alloc(&a, 1);
	char *moved = arena_grow(&a, piece, 64, 100);
	ck_assert_ptr_ne(moved, piece);
	ck_assert_int_eq(memcmp(moved, piece, 16), 0);
	char *heap = arena_grow(&a, moved, 100, 5000);
	ck_assert_int_eq(memcmp(heap, piece, 16), 0);
	ck_assert_ptr_eq(arena_grow(&a, heap, 5000, 9000), heap);
	ck_assert_ptr_null(arena_grow(&a, heap, 9000, 2 << 20));
	ck_assert(a.is_short);
	arena_reset(&a);
}
END_TEST

UNIT_SUITE_OF(arena, the_first_block_comes_first, pieces_are_aligned_and_apart,
	      running_short_sticks_until_reset, an_arena_of_nothing_is_short_at_once,
	      copies_end_in_a_nul, the_newest_piece_grows_in_place)
