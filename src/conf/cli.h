/* The command line: littled [OPTIONS] [APP], read with getopt_long(3). */
#ifndef CONF_CLI_H
#define CONF_CLI_H

#include "conf/conf.h"

/* Flags that are no settings. */
enum action {
#define ACTION(id, ...) ACTION_##id,
#include "conf/options.def"
	ACTIONS
};

struct action_row {
	const char *flag;
	char letter;
	const char *argument;
	const char *help; /* NULL: hidden */
};

extern const struct action_row action_rows[ACTIONS];

/* What must be known before the other sources are read. */
struct cli {
	enum action action;   /* the first one asked for; ACTIONS: none */
	const char *argument; /* the action's */
	const char *config;   /* the file, or NULL */
	const char *app;      /* APP, or NULL */
};

/* Both give 0, or -1 when the command line is refused (said on standard error). */
int cli_scan(struct cli *cli, int argc, char **argv);
int cli_apply(struct conf *c, int argc, char **argv);

#endif
