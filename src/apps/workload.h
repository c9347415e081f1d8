/* What the parts of the workload app share. */
#ifndef APPS_WORKLOAD_H
#define APPS_WORKLOAD_H

#include <stdbool.h>

#include <littled/app.h>

#define WORKLOAD_BYTES_MAX (64ul << 20)

#define WORKLOAD_PIECE_BYTES (1ul << 20)

/* 64 MiB to read from, made of one piece of memory mapped again and again. */
struct workload_pattern {
	const char *at;
	int fd; /* that piece, as a file */
};

struct workload {
	double max_ms; /* what the ms, cpu and sleep parameters may be at most */
	bool allow_crash;
	struct workload_pattern pattern;
};

/* A numeric query parameter, and what it may be. */
struct workload_param {
	const char *name;
	double low, high;
	bool is_whole;
};

/* 0, or -1: the request has been answered with a 400 that names the parameter. */
int workload_param(struct ltd_exchange *x, const struct workload_param *p, double *value);

/* The same, but when it is missing *value stays as it is. */
int workload_optional(struct ltd_exchange *x, const struct workload_param *p, double *value);

/* 0 or a negative errno value. */
int workload_pattern_open(struct workload_pattern *p);
void workload_pattern_close(struct workload_pattern *p);

/* The setting allow_crash; -1: refused. */
int workload_read_allow_crash(const struct ltd_settings *settings, bool *allowed);

/* The handlers of /crash and /stuck. */
int workload_crash(struct ltd_exchange *x, void *state);
int workload_stuck(struct ltd_exchange *x, void *state);

void workload_sleep(double ms);

/* The handlers of /echo and /stream. */
int workload_echo(struct ltd_exchange *x, void *state);
int workload_echo_small(struct ltd_exchange *x, void *state);
int workload_stream(struct ltd_exchange *x, void *state);

#endif
