/*
 * A worker: one loop, its slots, and what the master tells it.
 *
 * The statistics process is a worker too: serving the status app on the statistics listener, with
 * slots for the pages that watch, counted nowhere.  It answers whatever the workers do.
 */
#ifndef PROC_WORKER_H
#define PROC_WORKER_H

#include "net/acceptor.h"
#include "proc/arbiter.h"
#include "proc/heritage.h"
#include "proc/peers.h"
#include "proc/recycle.h"
#include "proc/slots.h"
#include "proc/status.h"

/* The number of the statistics process among workers. */
#define WORKER_STATISTICS UINT32_MAX

/* Exit statuses, as gunicorn's users know them. */
#define WORKER_BOOT_ERROR ARBITER_BOOT_ERROR
#define WORKER_APP_ERROR ARBITER_APP_ERROR

struct worker {
	struct heritage *heritage;
	const struct mounts *mounts;
	unsigned index;
	struct loop loop;
	struct loop_limits limits;
	struct gzip_rules gzip;
	struct slow slow;
	struct slots slots;
	struct peers peers;
	struct acceptor acceptor;
	struct worker_row own_row; /* of the statistics process: not on the board */
	struct slot_row own_slot_row[STATUS_SLOTS];
	ev_io life, signals;
	struct recycle recycle;
	ev_timer heartbeat, look_around, deadline_look, queue_look;
	int signal_fd;
	enum relief relief; /* why it has asked for a successor */
	bool is_leaving;
	uint64_t leaving_ns;    /* since when */
	bool is_last_to_accept; /* it leaves, but empties the listeners' queues first */
};

/* The master looks at this worker's row soon.  Any thread. */
void worker_tell_master(const struct worker *w);

/* This process should not go on: asks the master for another, which takes over.  Leader. */
void worker_retire(struct worker *w, enum relief relief, const char *why);

/* The life of a worker process, in a process just forked; returns its exit status. */
int worker_main(struct heritage *heritage, unsigned index);

#endif
