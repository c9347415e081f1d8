/* A queue of exchanges, linked through themselves: first in, first out. */
#ifndef PROC_QUEUE_H
#define PROC_QUEUE_H

#include "http/exchange.h"

struct queue {
	struct exchange *first, **end;
	unsigned count;
};

static inline void queue_init(struct queue *q)
{
	*q = (struct queue){ .end = &q->first };
}

static inline void queue_push(struct queue *q, struct exchange *x)
{
	x->next = NULL;
	*q->end = x;
	q->end = &x->next;
	q->count++;
}

/* For what was taken out and comes back: it is older than all that are there. */
static inline void queue_push_front(struct queue *q, struct exchange *x)
{
	x->next = q->first;
	if (!q->first)
		q->end = &x->next;
	q->first = x;
	q->count++;
}

/* The same for several, which are none then. */
static inline void queue_put_in_front(struct queue *q, struct queue *older)
{
	if (!older->first)
		return;
	*older->end = q->first;
	if (!q->first)
		q->end = older->end;
	q->first = older->first;
	q->count += older->count;
	queue_init(older);
}

/* The oldest, or NULL. */
static inline struct exchange *queue_pop(struct queue *q)
{
	struct exchange *x = q->first;

	if (!x)
		return NULL;
	q->first = x->next;
	if (!q->first)
		q->end = &q->first;
	q->count--;
	return x;
}

#endif
