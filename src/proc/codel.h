/*
 * Controlled delay: which waiting requests to shed so that the others need not wait long.
 *
 * RFC 8289 for a queue of requests.  A queue that now and then runs (nearly) empty only smooths
 * bursts; one whose shortest wait has stayed above `target` for a whole `interval` is standing, and
 * makes everybody late for nothing.  Then one request is shed, the next interval/sqrt(2) later, the
 * next interval/sqrt(3), until a request is found that has waited less than the target.
 *
 * Pure: the caller says what time it is.
 */
#ifndef PROC_CODEL_H
#define PROC_CODEL_H

#include <stdbool.h>
#include <stdint.h>

struct codel {
	uint64_t target_ns, interval_ns; /* target 0: nothing is ever shed */
	uint64_t above_ns; /* when the wait will have been above the target for an interval; 0: it is not */
	uint64_t next_ns; /* while shedding: when the next one is due */
	uint32_t count;   /* shed since shedding began */
	bool is_shedding;
};

/* This request leaves the queue after waiting so long: shed it? */
bool codel_sheds(struct codel *c, uint64_t waited_ns, uint64_t now_ns);

#endif
