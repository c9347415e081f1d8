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

UNIT_SUITE_OF(queue, first_in_first_out, what_comes_back_is_first)
