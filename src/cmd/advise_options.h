/* The command line of `littled advise`. */
#ifndef CMD_ADVISE_OPTIONS_H
#define CMD_ADVISE_OPTIONS_H

#include "base/buf.h"
#include "cmd/instance.h"
#include "metrics/advice.h"

struct advise_options {
	struct instance instance;
	const char *url, *file, *save;
	unsigned window_s;
	bool json, help;
	struct advice_question question;
};

extern const char advise_usage[];

/* 0, or -EINVAL with a sentence in `why`. */
int advise_options_parse(struct advise_options *o, int argc, char **argv, struct buf *why);

#endif
