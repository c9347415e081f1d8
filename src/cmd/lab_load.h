/*
 * Putting load on an experiment's server with the generator
 * of `littled bench`, and what came of it.
 */
#ifndef CMD_LAB_LOAD_H
#define CMD_LAB_LOAD_H

#include <signal.h>

#include "base/hist.h"
#include "cmd/bench_options.h"
#include "cmd/lab_trial.h"

/* What a measurement is given: how long it may take, and what the machine has. */
struct lab {
	double scale;  /* of all durations */
	unsigned cpus; /* usable ones */
	struct lab_trial *trial;
	struct buf *why; /* when it could not be measured */
};

/* Set by SIGINT and SIGTERM: whoever waits gives up with -EINTR. */
extern volatile sig_atomic_t lab_is_interrupted;

struct lab_load {
	unsigned users;   /* of the closed loop; each has one request in flight */
	double rate;      /* a second: open loop */
	bool is_constant; /* arrivals of the open loop; else poisson */
	uint64_t requests, seed;
	const struct buf *urls; /* separated by blanks, of equal weight */
};

struct lab_seen {
	double makespan_s, rps, L, edge, residual, XW;
	uint64_t most, ok;
	struct hist_sum latency; /* of the good answers */
};

/* 0 or a negative errno value with a sentence in lab->why; an answer that is not good is an error. */
int lab_put_load(struct lab *lab, const struct lab_load *load, struct lab_seen *seen);

/* The generator's options for a load, as its command line would give them. */
int lab_load_options(struct bench_options *o, const struct lab_load *load, struct buf *why);

/* How many latencies were longer than `ns`, but for a bucket's width. */
uint64_t lab_count_above(const struct hist_sum *h, uint64_t ns);

#endif
