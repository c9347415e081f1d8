/* The lab's command line. */
#ifndef CMD_LAB_OPTIONS_H
#define CMD_LAB_OPTIONS_H

#include <stdbool.h>

#include "base/buf.h"
#include "cmd/lab_table.h"

#define LAB_CHOSEN_MAX 64

struct lab_options {
	double scale;
	const struct lab_experiment *chosen[LAB_CHOSEN_MAX];
	unsigned count;
	bool json, list, help;
	const char *html; /* file to write; NULL: none */
};

extern const char lab_usage[];

/* 0, or -EINVAL with a sentence in `why`. */
int lab_options_parse(struct lab_options *o, int argc, char **argv, struct buf *why);

#endif
