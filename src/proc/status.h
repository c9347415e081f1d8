/*
 * The status app: what the statistics listener serves.
 *
 *	/stats.json?window=1|10|60   the figures of the last seconds, and totals
 *	/metrics                     the same for Prometheus
 *	/healthz                     200: this process turns
 *	/readyz                      200: requests are served; 503: starting, draining, or no worker
 */
#ifndef PROC_STATUS_H
#define PROC_STATUS_H

#include "proc/heritage.h"

/* The statistics process's mounts; NULL (logged) when memory is short.  Once a process. */
const struct mounts *status_mounts(const struct heritage *heritage);

#endif
