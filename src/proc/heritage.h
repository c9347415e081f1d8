/*
 * What crosses the fork: everything a worker gets from the master, and nothing else.
 *
 * Made by the master before the first fork; a worker only reads it, and closes its copies of
 * descriptors.  Those are open in every process; each says which end belongs to whom.
 */
#ifndef PROC_HERITAGE_H
#define PROC_HERITAGE_H

#include "app/mount.h"
#include "conf/conf.h"
#include "conf/options.h"
#include "http/access.h"
#include "metrics/board.h"
#include "net/listener.h"
#include "proc/peers.h"

struct heritage {
	const struct conf *conf;
	const struct options *options;
	const struct mounts *mounts;
	struct board *board;

	struct listener *listener; /* bind_count of them; with reuse_port, so many for each worker */
	unsigned bind_count, listener_count;
	struct listener statistics; /* fd -1: none */

	struct access access;
	int access_fd; /* -1: none */

	struct peer_channel *channels; /* one a worker */
	struct offers *offers;         /* in shared memory, one a worker */
	struct crowd *crowd;           /* NULL: address_connections sets no limit */

	int life[2];  /* a pipe nobody writes to: [0] ends in the workers when the master dies */
	int ready_fd; /* eventfd: a worker that is ready adds one */
};

/* The listeners this worker accepts from, bind_count of them. */
static inline const struct listener *heritage_listeners(const struct heritage *h, unsigned worker)
{
	return h->options->reuse_port ? h->listener + worker * h->bind_count : h->listener;
}

#endif
