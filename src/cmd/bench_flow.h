/*
 * Little's law from the client's side.
 *
 * Counts what is in flight and integrates it over the measured window, event by event; the
 * sum of the times in the system is kept apart.  The two must agree:
 *
 *	sum of W over what left in the window = integral of N dt - (G_close - G_open)
 *
 * where G is the summed age of what is in flight at a moment.  A request is in flight from
 * its intended time; one that is sent late enters late and is dated back.
 */
#ifndef CMD_BENCH_FLOW_H
#define CMD_BENCH_FLOW_H

#include <stdint.h>

/* What is in flight at one moment, and how old it is together. */
struct flow_edge {
	uint64_t in_flight, age_ns;
};

struct flow {
	uint64_t open_ns, close_ns; /* the window (open, close] */
	uint64_t last_ns;           /* time up to which `area_ns` is complete */
	uint64_t in_flight, max;
	uint64_t entered_ns; /* sum of the entry times of what is in flight; wraps, harmlessly */
	uint64_t area_ns;    /* integral of in_flight over the window so far */
	uint64_t arrivals, departures, time_ns; /* in the window; time_ns: sum of W of departures */
	uint64_t half_ns; /* the window's middle; UINT64_MAX as long as its end is not known */
	struct flow_edge at_open, at_half, at_close;
};

/* The law's terms, in seconds and requests a second. */
struct flow_law {
	double window_s, lambda, X, L, W_s, XW, edge, residual;
};

/* `close_ns` may be UINT64_MAX as long as it is not known. */
void flow_init(struct flow *f, uint64_t now_ns, uint64_t open_ns, uint64_t close_ns);

void flow_enter(struct flow *f, uint64_t intended_ns, uint64_t now_ns);
void flow_leave(struct flow *f, uint64_t intended_ns, uint64_t now_ns);

/* Nothing happened up to now; or: the window ends now. */
void flow_advance(struct flow *f, uint64_t now_ns);
void flow_close(struct flow *f, uint64_t now_ns);

/* For a closed window. */
struct flow_law flow_law(const struct flow *f);

#endif
