/*
 * Orders: what can be asked of the master while it serves, by a signal or over the control socket.
 */
#ifndef PROC_ORDERS_H
#define PROC_ORDERS_H

#include "proc/acts.h"

/* So many workers; as many as there is room for, at most.  How many it comes to. */
unsigned order_workers(struct master *m, unsigned workers);

/* The worker of that process is replaced: false: there is none. */
bool order_replacement(struct master *m, pid_t pid);

/*
 * The configuration is read anew; `threads` goes before what it says of them, and then the
 * number of workers stays as well (0: nothing does).
 */
void order_reload(struct master *m, unsigned threads);

/* The new edition that has come of it is in force. */
void order_change_over(struct master *m);

void order_reopening(struct master *m);

/* False: it stops already, or another master of ours serves with it. */
bool order_upgrade(struct master *m);

void order_stop(struct master *m, bool quick);

#endif
