/*
 * The status app: what the statistics listener serves.
 *
 *	/                            a page for people (page.h)
 *	/events                      what it watches, each second (feed.h)
 *	/history.json                what it draws: the last ten minutes
 *	/stats.json?window=1|10|60   the figures of the last seconds, and totals
 *	/metrics                     the same for Prometheus
 *	/healthz                     200: this process turns
 *	/readyz                      200: requests are served; 503: starting, draining, or no worker
 */
#ifndef PROC_STATUS_H
#define PROC_STATUS_H

#include "proc/feed.h"
#include "proc/heritage.h"

/* Of the statistics process: for each page, and one for what is short. */
#define STATUS_SLOTS (FEED_PAGES_MAX + 1)

/* The statistics process's mounts; NULL (logged) when memory is short.  Once a process. */
const struct mounts *status_mounts(const struct heritage *heritage);

/* Nobody is to be kept waiting for news any more: the statistics process leaves.  Leader. */
void status_stop(void);

#endif
