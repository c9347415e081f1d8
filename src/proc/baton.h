/*
 * The baton: which of a worker's threads leads.  See slots.h for the rules.
 *
 * Functions that say "lock held" want slots->lock; the others take it.
 */
#ifndef PROC_BATON_H
#define PROC_BATON_H

#include "proc/slots.h"

/* Wakes a waiting thread, which will lead.  The caller no longer does. */
void baton_pass(struct slots *s, struct slot_thread *me);

/*
 * The leader keeps the baton and runs a handler: only until baton_end_handler() may it be
 * taken from it.  How long it has been away counts from when it left the loop, over all the
 * handlers it runs until baton_come_back().
 */
void baton_go_away(struct slots *s);
void baton_come_back(struct slots *s);

/* Lock held.  False: the baton was taken meanwhile, the caller is a slot now. */
bool baton_end_handler(struct slots *s, const struct slot_thread *me);

/*
 * Waits until called, or until the baton is taken over from a leader that stays away for too
 * long.  Lock held (and released while waiting).
 */
void baton_wait(struct slots *s, struct slot_thread *me);

/* Wakes everybody that waits.  Lock held. */
void baton_call_all(struct slots *s);

#endif
