/* Pools and lists. */
#include "base/pool.h"

#include "base/list.h"
#include "unit.h"

START_TEST(the_block_last_put_is_the_next_got)
{
	struct pool p;

	pool_init(&p, 64, 8);
	void *one = pool_get(&p), *two = pool_get(&p);
	ck_assert_ptr_ne(one, two);
	pool_put(&p, one);
	pool_put(&p, two);
	ck_assert_uint_eq(p.kept, 2);
	ck_assert_ptr_eq(pool_get(&p), two);
	ck_assert_ptr_eq(pool_get(&p), one);
	ck_assert_uint_eq(p.kept, 0);
	pool_put(&p, one);
	pool_put(&p, two);
	pool_fini(&p);
	ck_assert_uint_eq(p.kept, 0);
	ck_assert_ptr_null(p.spare);
}
END_TEST

START_TEST(no_more_than_the_limit_is_kept)
{
	struct pool p;
	void *blocks[5];

	pool_init(&p, sizeof(void *), 3);
	for (unsigned i = 0; i < 5; i++)
		blocks[i] = pool_get(&p);
	for (unsigned i = 0; i < 5; i++)
		pool_put(&p, blocks[i]);
	ck_assert_uint_eq(p.kept, 3);
	pool_fini(&p);
}
END_TEST

struct item {
	int number;
	struct list node;
};

static int first_number(const struct list *head)
{
	struct list *node = list_first(head);

	return node ? list_entry(node, struct item, node)->number : -1;
}

START_TEST(a_list_is_first_in_first_out)
{
	struct item items[3];
	struct list head;

	list_init(&head);
	ck_assert(list_is_empty(&head));
	ck_assert_int_eq(first_number(&head), -1);
	for (int i = 0; i < 3; i++) {
		items[i].number = i;
		list_append(&head, &items[i].node);
	}
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(first_number(&head), i);
		list_remove(list_first(&head));
	}
	ck_assert(list_is_empty(&head));
}
END_TEST

START_TEST(removing_twice_is_harmless)
{
	struct item a = { 1, { 0 } }, b = { 2, { 0 } };
	struct list head;

	list_init(&head);
	list_append(&head, &a.node);
	list_append(&head, &b.node);
	list_remove(&a.node);
	list_remove(&a.node);
	ck_assert_int_eq(first_number(&head), 2);
	list_remove(&b.node);
	ck_assert(list_is_empty(&head));
}
END_TEST

START_TEST(splicing_moves_all_and_empties_the_source)
{
	struct item items[4];
	struct list to, from;

	list_init(&to);
	list_init(&from);
	list_splice(&to, &from);
	ck_assert(list_is_empty(&to));
	for (int i = 0; i < 4; i++) {
		items[i].number = i;
		list_append(i < 2 ? &to : &from, &items[i].node);
	}
	list_splice(&to, &from);
	ck_assert(list_is_empty(&from));
	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(first_number(&to), i);
		list_remove(list_first(&to));
	}
	list_append(&from, &items[0].node);
	list_splice(&to, &from);
	ck_assert_int_eq(first_number(&to), 0);
}
END_TEST

UNIT_SUITE_OF(pool, the_block_last_put_is_the_next_got, no_more_than_the_limit_is_kept,
	      a_list_is_first_in_first_out, removing_twice_is_harmless,
	      splicing_moves_all_and_empties_the_source)
