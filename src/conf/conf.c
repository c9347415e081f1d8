/*
 * Loading the configuration: the sources in their order, then what no source can judge alone.
 *
 * Runs in: master
 */
#include "conf/conf.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cpus.h"
#include "conf/cli.h"
#include "conf/environment.h"
#include "conf/inifile.h"
#include "conf/print.h"
#include "conf/refuse.h"
#include "conf/routes.h"
#include "conf/together.h"
#include "conf/value.h"
#include "conf/words.h"

static const struct place command_line = { .origin = ORIGIN_COMMAND_LINE };

static enum conf_verdict printed(int error)
{
	if (error < 0) {
		refuse(&command_line, "standard output: %s", strerror(-error));
		return CONF_UNPRINTED;
	}
	return CONF_DONE;
}

/* What --print-reference prints; scripts and the Makefile ask for it. */
static const struct {
	const char *which;
	int (*write)(FILE *to);
} references[] = {
	{ "example", conf_write_example },           { "markdown", conf_write_reference },
	{ "manual-flags", conf_write_manual_flags }, { "manual-keys", conf_write_manual_keys },
	{ "completion", conf_write_completion },
};

static enum conf_verdict print_reference(const char *which)
{
	struct place at = { .origin = ORIGIN_COMMAND_LINE, .name = "--print-reference" };

	for (size_t i = 0; i < sizeof references / sizeof *references; i++)
		if (strcmp(which, references[i].which) == 0)
			return printed(references[i].write(stdout));
	refuse_value(&at, which,
		     "expected example, markdown, manual-flags, manual-keys or completion");
	return CONF_REFUSED;
}

static int apply_file(struct conf *c, const struct cli *cli, char **environment)
{
	struct place at = { .origin = ORIGIN_COMMAND_LINE, .name = "--config" };
	const char *path = cli->config;

	if (!path) {
		path = environment_find(environment, VARIABLE_CONFIG);
		at = (struct place){ .origin = ORIGIN_ENVIRONMENT, .name = VARIABLE_CONFIG };
	}
	if (!path)
		return 0;
	if (!*path || !value_is_printable(slice_of_string(path)))
		return refuse_value(&at, path, "expected the path of a file");
	c->file = strdup(path);
	return c->file ? inifile_apply(c) : refuse(&at, "out of memory");
}

/* APP of the command line takes the place of a [route /] of the file. */
static int apply_app(struct conf *c, const char *app)
{
	struct ltd_slice root = LTD_SLICE("/"), name = slice_trim(slice_of_string(app));
	struct route_conf *before = routes_find(c, root);

	if (name.len == 0 || name.len != strlen(app) || name.len > VALUE_BYTES_MAX ||
	    !value_is_printable(name))
		return refuse(&command_line,
			      "APP \"%.100s\": expected a built-in app's name "
			      "or the path of a shared object",
			      app);
	if (before)
		routes_remove(c, before);
	if (routes_add(c, root, 0) < 0 || route_set_app(&c->routes[c->route_count - 1], app) < 0)
		return refuse(&command_line, "out of memory");
	return 0;
}

/* Where arguments are found: the command line, and the flags of a variable that go before it. */
struct arguments {
	struct words variable;
	int argc;
	char **argv;
};

static int split_variable(struct arguments *a, char **environment)
{
	struct place at = { .origin = ORIGIN_CMD_ARGS };
	const char *line = environment_find(environment, VARIABLE_CMD_ARGS);
	int error = line ? words_split(&a->variable, "littled", line) : 0;

	if (error == -EINVAL)
		return refuse(&at, "a quote or a backslash without what belongs to it");
	return error ? refuse(&at, "out of memory") : 0;
}

static int scan_arguments(const struct arguments *a, struct cli *cli)
{
	struct cli variable;

	if (cli_scan(&variable, a->variable.count, a->variable.at, ORIGIN_CMD_ARGS) < 0 ||
	    cli_scan(cli, a->argc, a->argv, ORIGIN_COMMAND_LINE) < 0)
		return -1;
	cli_fill(cli, &variable);
	return 0;
}

static int apply_sources(struct conf *c, const struct cli *cli, const struct arguments *a,
			 char **environment)
{
	c->options = options_new();
	if (!c->options)
		return refuse(&command_line, "out of memory");
	if (environment_apply(c, environment) < 0 || apply_file(c, cli, environment) < 0 ||
	    cli_apply(c, a->variable.count, a->variable.at, ORIGIN_CMD_ARGS) < 0 ||
	    cli_apply(c, a->argc, a->argv, ORIGIN_COMMAND_LINE) < 0)
		return -1;
	return cli->app ? apply_app(c, cli->app) : 0;
}

/* What `auto` stands for here. */
static uint64_t count_workers(const struct options *o)
{
	struct cpus cpus;

	if (o->workers)
		return o->workers;
	cpus_read(&cpus);
	return cpus_usable(&cpus) < WORKERS_MAX ? cpus_usable(&cpus) : WORKERS_MAX;
}

static int check_served(const struct conf *c)
{
	if (c->route_count > 0)
		return 0;
	return refuse(&command_line, "nothing to serve: give an APP (try `littled workload`) "
				     "or a file with a [route /] section");
}

static enum conf_verdict load(struct conf *c, const struct arguments *a, char **environment)
{
	struct cli cli;

	if (scan_arguments(a, &cli) < 0)
		return CONF_REFUSED;
	if (cli.action == ACTION_HELP)
		return printed(print_help(stdout));
	if (cli.action == ACTION_VERSION)
		return printed(print_version(stdout));
	if (cli.action == ACTION_PRINT_REFERENCE)
		return print_reference(cli.argument);
	if (apply_sources(c, &cli, a, environment) < 0 ||
	    together_check(c->options, count_workers(c->options)) < 0)
		return CONF_REFUSED;
	if (cli.action == ACTION_PRINT_CONFIG)
		return printed(print_config(c, stdout));
	if (check_served(c) < 0)
		return CONF_REFUSED;
	c->options->workers = count_workers(c->options);
	return cli.action == ACTION_CHECK_CONFIG ? CONF_CHECK : CONF_SERVE;
}

enum conf_verdict conf_load(struct conf *c, int argc, char **argv, char **environment)
{
	struct arguments a = { .argc = argc, .argv = argv };
	enum conf_verdict verdict = CONF_REFUSED;

	*c = (struct conf){ 0 };
	supervisor_read(&c->supervisor, environment, getpid());
	if (split_variable(&a, environment) == 0)
		verdict = load(c, &a, environment);
	words_fini(&a.variable);
	return verdict;
}

void conf_fini(struct conf *c)
{
	routes_fini(c);
	options_free(&c->options);
	free(c->file);
	c->file = NULL;
}
