/*
 * The environment.  Variables other servers read as well come first, so that our own LITTLED_
 * ones, which mean littled alone, go before them.
 *
 * Runs in: master
 */
#include "conf/environment.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "conf/cli.h"
#include "conf/refuse.h"

const char *environment_find(char **environment, const char *variable)
{
	size_t len = strlen(variable);

	for (; *environment; environment++)
		if (strncmp(*environment, variable, len) == 0 && (*environment)[len] == '=')
			return *environment + len + 1;
	return NULL;
}

static int set(struct conf *c, enum option_id id, const char *variable, const char *value)
{
	struct place at = { .origin = ORIGIN_ENVIRONMENT, .name = variable };
	const char *other = option_rows[id].variable;
	struct option_origin from = {
		.origin = ORIGIN_ENVIRONMENT,
		.by_variable = other && strcmp(variable, other) == 0,
	};
	int error = options_set(c->options, id, value, from);

	return error ? refuse_option(&at, value, id, error) : 0;
}

/* PORT gives a number alone, and means: on every address. */
static int set_port(struct conf *c, enum option_id id, const char *variable, const char *value)
{
	struct place at = { .origin = ORIGIN_ENVIRONMENT, .name = variable };
	char address[] = "0.0.0.0:65535";
	uint64_t port;

	if (!slice_to_u64(slice_trim(slice_of_string(value)), &port) || port > UINT16_MAX)
		return refuse_value(&at, value, "expected a port from 0 to %d", UINT16_MAX);
	snprintf(address, sizeof address, "0.0.0.0:%u", (unsigned)port);
	return set(c, id, variable, address);
}

static int apply_row(struct conf *c, char **environment, enum option_id id)
{
	const struct option_row *row = &option_rows[id];
	const char *value = row->variable ? environment_find(environment, row->variable) : NULL;
	char variable[VARIABLE_BYTES];
	int error = 0;

	if (value)
		error = (id == OPTION_bind ? set_port : set)(c, id, row->variable, value);
	option_variable(row->name, variable);
	value = environment_find(environment, variable);
	return value && !error ? set(c, id, variable, value) : error;
}

static bool is_known(const char *variable)
{
	char name[VARIABLE_BYTES];

	for (unsigned id = 0; id < OPTIONS; id++) {
		option_variable(option_rows[id].name, name);
		if (strcmp(name, variable) == 0)
			return true;
	}
	return strcmp(variable, VARIABLE_CONFIG) == 0 || strcmp(variable, VARIABLE_CMD_ARGS) == 0 ||
	       strcmp(variable, VARIABLE_PREDECESSOR) == 0;
}

#define PREFIX_BYTES (sizeof VARIABLE_PREFIX - 1)

/* What all have in common says nothing about nearness. */
static void warn_of(const char *variable)
{
	char names[OPTIONS][VARIABLE_BYTES];
	struct nearest n;

	nearest_init(&n, variable + PREFIX_BYTES);
	for (unsigned id = 0; id < OPTIONS; id++) {
		option_variable(option_rows[id].name, names[id]);
		nearest_try(&n, names[id] + PREFIX_BYTES);
	}
	nearest_try(&n, VARIABLE_CONFIG + PREFIX_BYTES);
	nearest_try(&n, VARIABLE_CMD_ARGS + PREFIX_BYTES);
	warn_unknown_variable(variable, n.best);
}

static void warn_of_unknown(char **environment)
{
	for (; *environment; environment++) {
		char variable[VARIABLE_BYTES];
		size_t len = strcspn(*environment, "=");

		if (strncmp(*environment, VARIABLE_PREFIX, PREFIX_BYTES) != 0)
			continue;
		snprintf(variable, sizeof variable, "%.*s", (int)len, *environment);
		if (!is_known(variable))
			warn_of(variable);
	}
}

int environment_apply(struct conf *c, char **environment)
{
	for (unsigned id = 0; id < OPTIONS; id++)
		if (apply_row(c, environment, id) < 0)
			return -1;
	warn_of_unknown(environment);
	return 0;
}

int environment_export(const struct strings *variables)
{
	for (size_t i = 0; i < variables->count; i++) {
		const char *variable = variables->at[i], *equals = strchr(variable, '=');
		char *name = strndup(variable, (size_t)(equals - variable));
		int error = name ? setenv(name, equals + 1, 1) : -1;

		free(name);
		if (error)
			return -errno;
	}
	return 0;
}

void environment_restore(char **environment)
{
	environ = environment;
}
