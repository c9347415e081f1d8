/* A result as text, JSON or CSV.  Quantities in base units, but for the text's milliseconds. */
#ifndef CMD_BENCH_REPORT_H
#define CMD_BENCH_REPORT_H

#include "cmd/bench_options.h"
#include "cmd/bench_result.h"

void report_text(struct buf *out, const struct bench_options *o, const struct result *r);
void report_json(struct buf *out, const struct bench_options *o, const struct result *r);
void report_csv(struct buf *out, const struct bench_options *o, const struct result *r);

#endif
