/* The generator at work: issues requests by plan or by user, over its links, and counts. */
#ifndef CMD_BENCH_CLIENT_H
#define CMD_BENCH_CLIENT_H

#include <stdio.h>

#include "cmd/bench_options.h"
#include "cmd/bench_result.h"

/*
 * Runs the whole load; returns when the last request has ended.  `log` (may be NULL) gets
 * a line for each measured request.  0, or a negative errno value with a sentence in `why`.
 */
int client_run(const struct bench_options *o, struct result *r, FILE *log, struct buf *why);

#endif
