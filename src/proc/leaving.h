/*
 * Leaving: how a worker goes without anybody noticing.
 *
 *	it accepts no more; what its siblings can answer sooner, they answer
 *	connections without a request		go to a sibling that stays, as they are
 *	requests read, waiting or in a slot	are answered; then their connection goes, too
 *	nobody stays (the server stops)		what is in the listeners' queues is taken; answers say
 *						Connection: close; connections without a request have
 *						a moment left, then are closed
 *
 * It leaves when it has no connection left.
 */
#ifndef PROC_LEAVING_H
#define PROC_LEAVING_H

#include <stdbool.h>

struct worker;

/* Once, when the worker starts. */
void leaving_prepare(struct worker *w);

/*
 * From now on the worker leaves; `is_orphan`: its master is
 * gone.  Leader; a second call does nothing.
 */
void leave(struct worker *w, bool is_orphan);

/* Leader, each turn of a worker that leaves. */
void leaving_turn(struct worker *w);

/* Ends the worker's loop, or the process, once nothing is left to do.  Leader. */
void leave_if_empty(struct worker *w);

#endif
