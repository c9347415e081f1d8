/* The command line of `littled top`. */
#ifndef CMD_TOP_OPTIONS_H
#define CMD_TOP_OPTIONS_H

#include "cmd/instance.h"
#include "cmd/top_view.h"

struct top_options {
	struct instance instance;
	const char *url;
	unsigned window_s;
	uint64_t interval_ms;
	bool once, json, help;
	struct top_choice choice;
};

/* Appends what --help says. */
void top_put_usage(struct buf *out);

/* 0, or -EINVAL with a sentence in `why`. */
int top_options_parse(struct top_options *o, int argc, char **argv, struct buf *why);

#endif
