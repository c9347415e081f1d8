/*
 * Overload: which requests are told at once that there is no room, instead of waiting in vain.
 *
 *	max_queue	so many wait already, in all workers	told on arrival
 *	queue_timeout	it has waited for so long		told where it waits
 *	queue_target	the queue is standing (codel.h)		told when its turn comes
 *
 * They get 503 with Retry-After from the leader, which takes no slot for it.  Only requests for slots
 * wait, so only they are shed: what is answered inline, and the statistics listener, never is.
 */
#ifndef PROC_OVERLOAD_H
#define PROC_OVERLOAD_H

#include "net/loop.h"

struct worker;

/* Watches the queue's oldest when queue_timeout is set. */
void overload_open(struct worker *w);

/* Is the queue of all workers full, and no slot free?  Leader. */
bool overload_is_full(const struct worker *w);

/* Seconds after which to try again: as long as the oldest has waited here, at least one. */
unsigned overload_retry_s(const struct worker *w);

/* How long a request has been kept waiting by the server, in the kernel and in the queue. */
uint64_t overload_waited_ns(const struct exchange *x, uint64_t now_ns);

#endif
