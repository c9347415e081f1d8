/*
 * When things happened to one request, and how long the intervals between were.
 *
 *	arrived   read        ready      started     finished    sent
 *	   |--wait--|---read----|---wait----|---service---|--write--|
 *	   |------------------------- total ------------------------|
 *
 * Nanoseconds of CLOCK_MONOTONIC, 0 = not yet.  stamps_mark() is the only place where a
 * stamp is set; it keeps them in order, so that no interval is ever negative.
 */
#ifndef HTTP_STAMPS_H
#define HTTP_STAMPS_H

#include <stdbool.h>
#include <stdint.h>

enum stamp {
#define STAMP(NAME, name, text) STAMP_##NAME,
#include "http/stamps.def"
#undef STAMP
	STAMP_COUNT
};

enum phase {
#define PHASE(NAME, name, text) PHASE_##NAME,
#include "http/phases.def"
#undef PHASE
	PHASE_COUNT
};

extern const char *const stamp_names[STAMP_COUNT];
extern const char *const phase_names[PHASE_COUNT];
extern const char *const phase_texts[PHASE_COUNT];

struct stamps {
	uint64_t at[STAMP_COUNT];
	uint64_t cpu_ns;        /* thread CPU time within the handler */
	uint64_t proxy_ns;      /* how long a proxy had the request before it arrived */
	bool has_cpu;           /* it was measured for this request */
	bool has_proxy;         /* the proxy said it, credibly */
	bool was_skipped;       /* no handler ran: it was refused, or its client left */
	bool arrived_in_kernel; /* `arrived` is the kernel's own stamp, not a copy of `read` */
};

/*
 * Sets one stamp, once.  A time before the latest earlier stamp is raised to it, except
 * for `arrived` and `accepted`, which are learned late: `arrived` is lowered to `read`.
 */
void stamps_mark(struct stamps *s, enum stamp which, uint64_t at_ns);

/* Not every request has all phases. */
static inline bool stamps_has_phase(const struct stamps *s, enum phase phase)
{
	return (phase != PHASE_CPU || s->has_cpu) && (phase != PHASE_PROXY || s->has_proxy) &&
	       (phase != PHASE_SERVICE || !s->was_skipped);
}

/* An interval's length in nanoseconds; both its ends must be set. */
uint64_t stamps_phase_ns(const struct stamps *s, enum phase phase);

#endif
