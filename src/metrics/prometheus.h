/*
 * Everything a snapshot tells, in Prometheus' text format 0.0.4: counters since the server's
 * start and gauges; windows are the asker's business.  docs/statistics.md lists the names.
 */
#ifndef METRICS_PROMETHEUS_H
#define METRICS_PROMETHEUS_H

#include "base/buf.h"
#include "metrics/snapshot.h"

#define PROMETHEUS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Appends; look at out->is_short afterwards. */
void prometheus_write(struct buf *out, const struct snapshot *s);

#endif
