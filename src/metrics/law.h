/*
 * Little's law, L = lambda * W, as an identity that holds for any window, not as a limit.
 *
 * Let N(t) be the number of requests in flight, a_i a request's arrival, d_i its end, and
 * take a window from t0 to t1, T = t1 - t0.  Each request i adds to the integral of N over
 * the window the time it was in flight within it: min(d_i, t1) - max(a_i, t0).  Now sort
 * the requests by where they end:
 *
 *   - those that end in the window (C of them): d_i - max(a_i, t0), which is their whole
 *     time W_i = d_i - a_i less the age t0 - a_i they had at the start, if they were there;
 *   - those still there at t1: t1 - max(a_i, t0), which is their age at the end, t1 - a_i,
 *     less the age they had at the start, if they were there.
 *
 * Every request in flight at t0 is in one of the two groups, so with G(t) the summed ages of
 * what is in flight at t,
 *
 *	integral N dt = sum of W_i over the C that ended + G(t1) - G(t0)
 *
 * and divided by T, with X = C/T and W the mean of the W_i:
 *
 *	L = X*W + edge,	edge = (G(t1) - G(t0)) / T
 *
 * In a steady state the edge is small and X = lambda: the law as it is usually told.
 *
 * Here L comes from the flows' entries and exits, W from the sum of measured times, G from
 * the arrivals of what is still inside.  All three are sums of integer nanoseconds modulo
 * 2^64, so `residual` = L - X*W - edge is exactly zero unless the statistics are broken.
 *
 * An arrival learned after t0 (the kernel had the request before t0, it was read after) is
 * in the second reading alone, with its whole age: L then holds some request-seconds of
 * before t0, at the first moment they could be known.  The identity holds all the same.
 */
#ifndef METRICS_LAW_H
#define METRICS_LAW_H

#include <stdint.h>

#include "metrics/ledger.h"

struct law {
	double window_s;
	uint64_t arrivals, completions; /* completions: every end, so with those lost */
	uint64_t lost;
	double lambda, X;  /* a second */
	double throughput; /* answered a second: X without the lost */
	double L, L_wait, L_read, L_slot, L_inline, L_write;
	double W_s, XW, edge, residual;
	double utilisation; /* L_slot / slots */
	double capacity;    /* slots / mean time a request held one, a second; 0: none left one */
};

/* Pure.  `start` is the earlier reading; an empty window gives zeros. */
struct law law_of(const struct ledger_sum *start, uint64_t start_ns, const struct ledger_sum *end,
		  uint64_t end_ns, unsigned slots);

#endif
