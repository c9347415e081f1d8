/*
 * Accepting: by the gate (gate.h), within the limit of connections, and with what descriptors
 * there are (shortage.h).
 *
 * Where a place or a descriptor is wanting, the connection that is idle for longest makes room
 * for a new one; where none is idle, new ones wait in the kernel's queue and nobody looks.
 */
#ifndef NET_ACCEPTOR_H
#define NET_ACCEPTOR_H

#include "net/listener.h"
#include "net/loop.h"
#include "net/shortage.h"

struct acceptor {
	struct loop *loop;
	struct acceptor_port {
		ev_io io;
		struct acceptor *acceptor;
	} * port;
	unsigned port_count;
	struct shortage shortage;
	ev_timer pause;       /* until descriptors are asked for again */
	ev_prepare endings;   /* while it does not accept for want of something */
	uint64_t closed_seen; /* of loop->closed_count */
	int eagerness;   /* whether a new connection is worth reading at once: see accept_one() */
	unsigned spared; /* first reads not tried since the last */
	bool is_paused;  /* for want of descriptors */
	bool hands_on;   /* connections go to a sibling, unread */
	bool is_full;    /* as many connections as allowed, and none that would make room */
	bool is_stopped;
};

/* Begins to accept on these listeners.  0 or -ENOMEM. */
int acceptor_start(struct acceptor *a, struct loop *l, const struct listener *listener,
		   unsigned count);

/* For good.  `takes_queue`: what is in the queues first, for nobody else will. */
void acceptor_stop(struct acceptor *a, bool takes_queue);

/* Opens or shuts the gate as things now stand. */
void acceptor_regulate(struct acceptor *a);

#endif
