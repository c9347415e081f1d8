/*
 * Who may answer a request that a slot handles: its handler, or the leader that writes it off.
 *
 *	NONE --handler starts--> HANDLER --it is over--> OVER
 *	                           | \--head of a stream goes out--> STREAMING --it is over--> OVER
 *	                           +-----------deadline--------------+----------> WRITTEN_OFF
 *
 * and HANDLER -> SENDING -> HANDLER around each attempt to send what goes before its answer: those to
 * earlier requests on the connection, which a stream has to wait for, or the first bytes of its own
 * (net/conn_gone.c).  A deadline that passes meanwhile waits as well.
 *
 * One compare-and-swap decides between a handler that ends and a deadline that passes in the same
 * moment.  Whoever loses must not touch the connection, the stamps or the tallies any more.
 */
#ifndef HTTP_HOLD_H
#define HTTP_HOLD_H

#include <stdatomic.h>
#include <stdbool.h>

enum hold { HOLD_NONE, HOLD_HANDLER, HOLD_SENDING, HOLD_STREAMING, HOLD_OVER, HOLD_WRITTEN_OFF };

typedef _Atomic unsigned char hold_word;

static inline bool hold_step(hold_word *h, enum hold from, enum hold to)
{
	unsigned char expected = from;

	return atomic_compare_exchange_strong(h, &expected, to);
}

/* Slot.  What the handler's thread wrote before is seen by whoever writes it off. */
static inline void hold_begin(hold_word *h)
{
	atomic_store_explicit(h, HOLD_HANDLER, memory_order_release);
}

/*
 * Slot.  Between these two what goes before its answer is the slot's to send.  False: it has been
 * written off, its head has gone, or no slot has it.
 */
static inline bool hold_begin_sending(hold_word *h)
{
	return hold_step(h, HOLD_HANDLER, HOLD_SENDING);
}

static inline void hold_end_sending(hold_word *h)
{
	atomic_store(h, HOLD_HANDLER);
}

/*
 * Slot.  The head of a stream is about to leave, so a 504 cannot be sent any more.  False: it has
 * been written off.  True as well for a request no slot holds.
 */
static inline bool hold_send_head(hold_word *h)
{
	if (hold_step(h, HOLD_HANDLER, HOLD_STREAMING))
		return true;
	return atomic_load(h) != HOLD_WRITTEN_OFF;
}

/* Slot.  The handler is over.  False: it has been written off, the answer is no longer ours. */
static inline bool hold_end(hold_word *h)
{
	return hold_step(h, HOLD_HANDLER, HOLD_OVER) || hold_step(h, HOLD_STREAMING, HOLD_OVER);
}

/*
 * Leader.  HOLD_HANDLER: written off, and nothing of the answer is out; HOLD_STREAMING: written
 * off in the middle of its answer; anything else: too late.
 */
static inline enum hold hold_write_off(hold_word *h)
{
	if (hold_step(h, HOLD_HANDLER, HOLD_WRITTEN_OFF))
		return HOLD_HANDLER;
	if (hold_step(h, HOLD_STREAMING, HOLD_WRITTEN_OFF))
		return HOLD_STREAMING;
	return (enum hold)atomic_load(h);
}

/* Leader.  A handler has it: what was written before hold_begin() may be read. */
static inline bool hold_is_running(const hold_word *h)
{
	unsigned char now = atomic_load_explicit(h, memory_order_acquire);

	return now == HOLD_HANDLER || now == HOLD_SENDING || now == HOLD_STREAMING;
}

static inline bool hold_is_written_off(const hold_word *h)
{
	return atomic_load_explicit(h, memory_order_relaxed) == HOLD_WRITTEN_OFF;
}

#endif
