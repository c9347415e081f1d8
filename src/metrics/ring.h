/*
 * The ring: what the totals were at each of the last seconds, so that a reader of any
 * process can show windows without having watched.
 *
 * Entry number n (from 0) is in place n % BOARD_RING; board->ring_count says how many have
 * been written.  While it is n, the place of entry n - BOARD_RING may be in the writing, so
 * an entry has been read whole if n still lies less than BOARD_RING behind it afterwards.
 */
#ifndef METRICS_RING_H
#define METRICS_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metrics/totals.h"

size_t ring_entry_bytes(unsigned routes);

/* Runs in: master. */
void ring_write(struct board *b, const struct totals *t);

/*
 * before := the totals at the entry nearest to target_ns, or at the server's start (all zero)
 * if that is nearer.  `now` are later totals: the ring keeps the low halves of the histograms'
 * counts, and the rest follows from them.
 */
void ring_read(const struct board *b, uint64_t target_ns, const struct totals *now,
	       struct totals *before);

/*
 * Requests that arrived in each of the last `seconds` seconds, newest first, or in as many as are
 * known: how many those are is returned.
 */
unsigned ring_arrivals(const struct board *b, unsigned seconds, uint64_t arrivals[BOARD_RING]);

#endif
