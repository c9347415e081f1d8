/*
 * One request in one slot: its handler runs, timed, under a deadline, and its answer goes out.
 *
 * Runs in: the thread that has the slot, leading or not; no lock is held.
 */
#ifndef PROC_SLOT_H
#define PROC_SLOT_H

#include "proc/slots.h"

/*
 * A route that usually takes longer than half of what a leader may stay away: the baton is
 * handed on before its handler starts.  One that nobody knows yet counts as slow.
 */
bool slot_is_slow(const struct slots *s, const struct exchange *x);

/*
 * Handler in, handler out, answer on its way; or none, if the client has left: SEND_FAILED.
 * SEND_WRITTEN_OFF: the deadline passed meanwhile, the leader has answered, and neither the exchange
 * nor its connection is ours any more.
 */
enum send_result slot_run(struct slot_thread *me, struct exchange *x);

#endif
