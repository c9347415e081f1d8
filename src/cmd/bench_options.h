/* The generator's command line. */
#ifndef CMD_BENCH_OPTIONS_H
#define CMD_BENCH_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "cmd/bench_plan.h"
#include "cmd/bench_target.h"

enum bench_format {
	BENCH_TEXT,
	BENCH_JSON,
	BENCH_CSV,
};

struct bench_options {
	struct targets targets;
	double rate; /* requests a second; 0: closed loop */
	enum arrival arrival;
	bool has_arrival;     /* it was asked for */
	uint64_t concurrency; /* users of the closed loop */
	uint64_t think_ns, duration_ns, warmup_ns, timeout_ns;
	uint64_t requests;      /* instead of a duration; 0: none */
	uint64_t pool;          /* connections opened beforehand and kept; 0: as needed */
	uint64_t max_in_flight; /* on connections at once; 0: unbounded */
	uint64_t seed;
	bool keep_alive, print_schedule, help;
	enum bench_format format;
	bool has_two_formats;
	const char *log_path;
	struct buf headers; /* more header lines */
};

void bench_options_fini(struct bench_options *o);

/* 0, or -EINVAL with a sentence in `why`. */
int bench_options_parse(struct bench_options *o, int argc, char **argv, struct buf *why);

static inline bool bench_is_open(const struct bench_options *o)
{
	return o->rate > 0;
}

extern const char bench_usage[];

#endif
