/*
 * Evidence: what advice is made from, taken from a snapshot or read back from its JSON.
 *
 * It is about requests for slots: what is answered inline waits for none.  Rates are a second, times
 * are in seconds, L.. are mean numbers of requests at once.
 */
#ifndef METRICS_EVIDENCE_H
#define METRICS_EVIDENCE_H

#include "base/buf.h"
#include "metrics/snapshot.h"

#define EVIDENCE_ROUTES 16

struct evidence_route {
	char name[BOARD_ROUTE_NAME];
	double rate, busy_slots, mean_s, cpu_share; /* cpu_share: -1 when it was not measured */
};

struct evidence {
	double window_s;
	double loaded_s; /* of the window, without the time before its first and after its last requests */
	unsigned workers, threads, slots, cpus;
	double arrival_rate;  /* of requests for slots */
	double Ca2;           /* of their times between arrivals: see evidence_take() */
	unsigned Ca2_seconds; /* how many seconds it was computed from; under 10 it is a guess */
	double L_wait, L_read, L_slot, L_inline, L_write;
	double cpu_share; /* CPU time over service time, in slots */
	double cpu_delay; /* workers' wait for a CPU over their CPU time; 0: none, or not known */
	uint64_t shed;    /* in the window */
	unsigned most;    /* at once, waiting for a slot or in one; 0: not known */
	uint64_t worker_bytes;    /* memory a worker has to itself (its PSS); 0: not known */
	uint64_t available_bytes; /* memory the system could still give; 0: not known */
	struct hist_sum service, wait;
	unsigned route_count; /* the busiest, by busy slots */
	struct evidence_route route[EVIDENCE_ROUTES];
};

static inline double evidence_rho(const struct evidence *e)
{
	return e->L_slot / e->slots;
}

/* CPUs busy on handlers: what runs in slots, and inline, which does not block. */
static inline double evidence_busy_cpus(const struct evidence *e)
{
	return e->L_slot * e->cpu_share + e->L_inline;
}

/*
 * From a snapshot's window.  When a load began or ended in it, rates and L.. are of the time of that
 * load alone: a mean over load and idleness is of neither.  The variability of arrivals is the
 * variance of the counts a second over their mean, which for independent times between arrivals
 * tends to Ca2 (Cox and Lewis, The Statistical Analysis of Series of Events, section 4.5), thinned
 * to the part of requests that go to slots.
 * `cpus` is how many the server may use.
 */
void evidence_take(struct evidence *e, const struct snapshot *s, unsigned cpus);

void evidence_write_json(struct buf *out, const struct evidence *e);

/* 0, or -EINVAL with a sentence in `why`. */
int evidence_read_json(struct evidence *e, const char *text, size_t len, char *why,
		       size_t why_bytes);

#endif
