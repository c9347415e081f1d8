/*
 * The crowd: how many connections each client address holds, in all workers.
 *
 * In shared memory, made by the master before it forks.  Each worker counts its own connections
 * in two cells chosen by a keyed hash of the address; an address's number is the smaller of its
 * two sums over all workers.  It is never too low.  It is too high only for one that shares both
 * its cells with others, which nobody can bring about who does not know the key.
 *
 * An IPv6 client owns a /64, so that is what is counted; clients of unix sockets are not.
 */
#ifndef NET_CROWD_H
#define NET_CROWD_H

#include "base/shm.h"
#include "http/client.h"

struct crowd;

/* For so many workers: m->at is the crowd.  0 or a negative errno value; shm_close() ends it. */
int crowd_open(struct shm *m, unsigned workers);

/* A new process takes this worker's place: what its predecessor counted is gone. */
void crowd_begin(struct crowd *c, unsigned worker);

/* One connection more or less in this worker.  Leader. */
void crowd_enter(struct crowd *c, unsigned worker, const struct client *who);
void crowd_leave(struct crowd *c, unsigned worker, const struct client *who);

/* Any thread. */
unsigned crowd_count(const struct crowd *c, const struct client *who);

#endif
