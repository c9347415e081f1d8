/*
 * What holds after each event, and how it is made to hold: for arbiter.c, which says what the
 * events mean.  See arbiter.h.
 */
#ifndef PROC_ARBITER_RULES_H
#define PROC_ARBITER_RULES_H

#include "proc/arbiter.h"

/* The actions of one event, as they come together. */
struct script {
	struct action *actions;
	unsigned count;
	uint64_t now_ns;
};

/* What the two rules look at. */
struct census {
	unsigned fresh_starting, fresh_ready, stale_ready;
};

void script_add(struct script *s, enum action_kind kind, unsigned seat);

struct census arbiter_count(const struct arbiter *a);
bool arbiter_is_stopping(const struct arbiter *a);

/* READY or STARTING until now: it leaves by itself, or is told elsewhere; it has so much time. */
void arbiter_dismiss(struct arbiter *a, unsigned seat, struct script *s);

/* Dismissed, and ready only then: it may hold connections, and gets the time for them. */
void arbiter_note_birth(struct arbiter *a, struct seat *seat, struct script *s);

/* Dismissed, and told so. */
void arbiter_retire(struct arbiter *a, unsigned seat, struct script *s);

/* Both rules, unless all is over. */
void arbiter_settle(struct arbiter *a, struct script *s);

#endif
