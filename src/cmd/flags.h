/*
 * The flags of a command that takes flags only: a table of names and setters, read by
 * getopt_long(3), and the setters that several commands have.
 */
#ifndef CMD_FLAGS_H
#define CMD_FLAGS_H

#include <stdbool.h>

#include "base/buf.h"
#include "cmd/instance.h"

/* Puts one value (NULL for a flag that takes none) into the command's options; false: it is none. */
typedef bool flag_fn(void *options, const char *value);

struct flag {
	const char *name;
	bool takes_value;
	flag_fn *set;
};

#define FLAGS_MAX 32

/* 0, or -EINVAL with a sentence in `why`.  At most FLAGS_MAX of them. */
int flags_parse(const struct flag *flags, unsigned count, void *options, int argc, char **argv,
		struct buf *why);

struct option;

/*
 * What getopt_long(3) does not take: `answer` is its ':' or '?', `typed` the argument before optind.
 * Puts a sentence into `why`, with the nearest name there is; -EINVAL.
 */
int flags_refuse(const struct option *longs, const char *typed, int answer, struct buf *why);

/* A whole number from low to high. */
bool flag_count(const char *value, uint64_t low, uint64_t high, uint64_t *n);

/* The seconds of a window of statistics: 1, 10 or 60. */
bool flag_window(const char *value, unsigned *window_s);

/* The process id of --pid. */
bool flag_pid(const char *value, pid_t *pid);

#endif
