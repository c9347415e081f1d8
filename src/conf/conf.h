/*
 * The configuration: one table of options (options.def), read from four sources.
 *
 * Precedence, low to high: defaults, environment, file,
 * LITTLED_CMD_ARGS, command line.  conf_load() reads and checks all;
 * nothing else in littled reads the environment or the command line.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/supervisor.h"

enum origin {
	ORIGIN_DEFAULT,
	ORIGIN_ENVIRONMENT,
	ORIGIN_FILE,
	ORIGIN_CMD_ARGS, /* flags in LITTLED_CMD_ARGS */
	ORIGIN_COMMAND_LINE
};

/* A repeatable option's values. */
struct strings {
	char **at;
	size_t count;
};

/*
 * One member for each row of options.def, named as the option with '-' as '_'.  Types: uint64_t for
 * counts (`auto` is resolved once loaded) and bytes, uint64_t nanoseconds for durations (member
 * ends in _ns), bool, char * (NULL if not given), struct strings, int for a choice.
 */
struct options;

/* A key of a [route PREFIX] section other than `app`. */
struct route_setting {
	char *name, *value;
	unsigned line;
};

/* A [route PREFIX] section, or the APP argument of the command line (mounted at "/"). */
struct route_conf {
	char *prefix; /* begins with '/' */
	char *app; /* a built-in app's name, or the path of a shared object; may carry ":ARGUMENT" */
	struct route_setting *settings;
	size_t setting_count;
	unsigned line; /* of the section in the file; 0: the command line */
};

struct conf {
	struct options *options;
	struct route_conf *routes;
	size_t route_count;
	char *file; /* NULL: none was read */
	struct supervisor supervisor;
};

enum conf_verdict {
	CONF_SERVE,     /* go on */
	CONF_DONE,      /* --help, --version, --print-config: printed on standard output, exit 0 */
	CONF_CHECK,     /* --check-config: check what is left to check (apps), then exit 0 */
	CONF_UNPRINTED, /* as CONF_DONE, but standard output took it not: said in one line, exit 1 */
	CONF_REFUSED    /* the reason is on standard error in one line, exit 2 */
};

/*
 * `environment` as environ(7).  Whatever the verdict, conf_fini() frees it.
 */
enum conf_verdict conf_load(struct conf *c, int argc, char **argv, char **environment);
void conf_fini(struct conf *c);

#endif
