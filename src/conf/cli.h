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

/* Flags of the environment, read as the command line is. */
#define VARIABLE_CMD_ARGS "LITTLED_CMD_ARGS"

/* What must be known before the other sources are read. */
struct cli {
	enum origin origin;
	enum action action;   /* the first one asked for; ACTIONS: none */
	const char *argument; /* the action's */
	const char *config;   /* the file, or NULL */
	const char *app;      /* APP, or NULL */
};

/*
 * `origin` is ORIGIN_COMMAND_LINE or ORIGIN_CMD_ARGS.  Both give 0, or -1 when the arguments are
 * refused (said on standard error).
 */
int cli_scan(struct cli *cli, int argc, char **argv, enum origin origin);
int cli_apply(struct conf *c, int argc, char **argv, enum origin origin);

/* What `low` says where `high` says nothing. */
void cli_fill(struct cli *high, const struct cli *low);

#endif
