/* What the master says of itself over the control socket, in text or JSON. */
#ifndef PROC_REPORT_H
#define PROC_REPORT_H

#include "metrics/json.h"
#include "proc/acts.h"

void report_status(const struct master *m, bool in_json, struct buf *to);
void report_workers(const struct master *m, bool in_json, struct buf *to);
void report_listeners(const struct master *m, bool in_json, struct buf *to);
void report_config(const struct master *m, bool in_json, struct buf *to);

#endif
