/*
 * The statistics document: everything a snapshot tells, as JSON.  Its keys are stable;
 * docs/statistics.md says what each means.
 */
#ifndef METRICS_STATS_H
#define METRICS_STATS_H

#include "base/buf.h"
#include "metrics/snapshot.h"

/* Appends the document and a newline; look at out->is_short afterwards. */
void stats_write_json(struct buf *out, const struct snapshot *s);

#endif
