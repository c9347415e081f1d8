/*
 * What crosses the fork: everything a worker gets from the master, and nothing else.
 *
 * Made by the master before the first fork; a worker only reads it, and closes its copies of
 * descriptors.  Those are open in every process; each says which end belongs to whom.
 */
#ifndef PROC_HERITAGE_H
#define PROC_HERITAGE_H

#include "app/mount.h"
#include "base/sink.h"
#include "conf/conf.h"
#include "conf/options.h"
#include "http/access.h"
#include "metrics/board.h"
#include "metrics/history.h"
#include "net/listener.h"
#include "proc/peers.h"
#include "proc/privileges.h"

struct heritage {
	const struct conf *conf;
	const struct options *options;
	const struct mounts *mounts;
	struct identity identity; /* who the workers run as */
	struct board *board;

	struct listener *listener; /* bind_count of them; with reuse_port, so many for each lane */
	unsigned bind_count, listener_count;
	unsigned lane, lanes;       /* of the worker about to be forked, of all: see arbiter.h */
	unsigned edition;           /* of the configuration */
	struct listener statistics; /* fd -1: none */

	struct access access;
	struct sink access_sink; /* fd -1: none */

	struct peer_channel *channels; /* one a seat */
	struct offers *offers;         /* in shared memory, one a seat */
	struct history *history;       /* in shared memory: of the statistics page */
	struct crowd *crowd;           /* NULL: address_connections sets no limit */

	int life[2]; /* a pipe nobody writes to: [0] ends in the workers when the master dies */
	int news_fd; /* eventfd: a worker adds one when its row has something new for the master */
};

/* In this process; the sockets live on while another holds them. */
static inline void heritage_close_listeners(struct heritage *h)
{
	for (unsigned i = 0; i < h->listener_count; i++)
		listener_close(&h->listener[i]);
}

/*
 * Does a worker of this lane accept from that set of listeners?  With reuse_port there are as many
 * sets as there have been lanes: more than lanes now, or fewer, but none is nobody's.
 */
static inline bool heritage_has_set(const struct heritage *h, unsigned set)
{
	unsigned sets = h->listener_count / h->bind_count;

	if (!h->options->reuse_port)
		return true;
	return h->lane < sets ? set % h->lanes == h->lane : set == h->lane % sets;
}

#endif
