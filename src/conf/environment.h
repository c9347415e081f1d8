/* Options from the environment: LITTLED_NAME, and the variables of other servers (PORT, ...). */
#ifndef CONF_ENVIRONMENT_H
#define CONF_ENVIRONMENT_H

#include "conf/conf.h"

/* The variable that names the configuration file. */
#define VARIABLE_CONFIG "LITTLED_CONFIG"

/* The value of that variable in `environment` (as environ(7)), or NULL. */
const char *environment_find(char **environment, const char *variable);

/*
 * 0, or -1 when a value is refused (said on standard error).  A LITTLED_ variable nobody knows
 * is warned of, and ignored.
 */
int environment_apply(struct conf *c, char **environment);

/*
 * Adds the variables, each NAME=VALUE, to the environment of this process and of those it starts.
 * 0 or a negative errno value.
 */
int environment_export(const struct strings *variables);

/* In a child that executes another program, which is to find `environment`, and not ours. */
void environment_restore(char **environment);

#endif
