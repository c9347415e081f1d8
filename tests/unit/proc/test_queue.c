/* The queue of exchanges. */
#include "proc/queue.h"

#include "unit.h"

START_TEST(first_in_first_out)
{
	struct exchange x[3];
	struct queue q;

	queue_init(&q);
	ck_assert_ptr_null(queue_pop(&q));
	for (int i = 0; i < 3; i++)
		queue_push(&q, &x[i]);
	ck_assert_uint_eq(q.count, 3);
	for (int i = 0; i < 3; i++)
		ck_assert_ptr_eq(queue_pop(&q), &x[i]);
	ck_assert_ptr_null(queue_pop(&q));
	ck_assert_uint_eq(q.count, 0);
}
END_TEST

START_TEST(what_comes_back_is_first)
{
	struct exchange x[3];
	struct queue q;

	queue_init(&q);
	queue_push_front(&q, &x[0]);
	queue_push(&q, &x[1]);
	ck_assert_ptr_eq(queue_pop(&q), &x[0]);
	queue_push_front(&q, &x[2]);
	ck_assert_ptr_eq(queue_pop(&q), &x[2]);
	ck_assert_ptr_eq(queue_pop(&q), &x[1]);
	queue_push(&q, &x[0]); /* the end is right after it ran empty */
	ck_assert_ptr_eq(queue_pop(&q), &x[0]);
}
END_TEST

START_TEST(several_that_come_back_keep_their_order)
{
	struct exchange x[4];
	struct queue q, older;

	queue_init(&q);
	queue_init(&older);
	queue_put_in_front(&q, &older); /* none */
	ck_assert_ptr_null(queue_pop(&q));
	queue_push(&older, &x[0]);
	queue_push(&older, &x[1]);
	queue_put_in_front(&q, &older); /* before none */
	ck_assert_uint_eq(older.count, 0);
	queue_push(&q, &x[2]);
	queue_push(&older, &x[3]);
	queue_put_in_front(&q, &older);
	ck_assert_uint_eq(q.count, 4);
	ck_assert_ptr_eq(queue_pop(&q), &x[3]);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_ptr_eq(queue_pop(&q), &x[i]);
}
END_TEST

UNIT_SUITE_OF(queue, first_in_first_out, what_comes_back_is_first,
	      several_that_come_back_keep_their_order)
