/* littled's commands. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/builtin.h"
#include "cmd/advise.h"
#include "cmd/bench.h"
#include "cmd/ctl.h"
#include "cmd/lab.h"
#include "cmd/serve.h"
#include "cmd/top.h"
#include "cmd/usl.h"
#include "conf/nearest.h"
#include "proc/title.h"

#define EXIT_USAGE 2

extern char **environ;

static const struct command {
	const char *name;
	int (*main)(int argc, char **argv);
} commands[] = {
#define COMMAND(name, what) { #name, name##_main },
#include "cmd/commands.def"
#undef COMMAND
	{ NULL, NULL },
};

/* Written as commands, they are flags all the same. */
static const struct {
	const char *word;
	char *flag;
} words[] = {
	{ "check-config", "--check-config" },
	{ "help", "--help" },
	{ "version", "--version" },
};

static bool is_word(const char *text)
{
	return text[strspn(text, "abcdefghijklmnopqrstuvwxyz")] == '\0';
}

/* What is no command is an app: unless it is no such, and nearer to a command than to an app. */
static const char *misspelt_command(const char *text)
{
	struct nearest apps, all;

	if (!is_word(text) || builtin_find(text))
		return NULL;
	nearest_init(&apps, text);
	for (const char *const *name = builtin_names; *name; name++)
		nearest_try(&apps, *name);
	all = apps;
	for (const struct command *c = commands; c->name; c++)
		nearest_try(&all, c->name);
	return all.best != apps.best ? all.best : NULL;
}

static int serve(int argc, char **argv)
{
	const char *meant = argc > 1 ? misspelt_command(argv[1]) : NULL;

	if (meant) {
		fprintf(stderr, "littled: there is no command or app '%s'; did you mean %s?\n",
			argv[1], meant);
		return EXIT_USAGE;
	}
	for (unsigned i = 0; i < sizeof words / sizeof *words && argc > 1; i++)
		if (strcmp(argv[1], words[i].word) == 0)
			argv[1] = words[i].flag;
	if (title_prepare(argc, argv, &environ) < 0) {
		fputs("littled: out of memory\n", stderr);
		return EXIT_FAILURE;
	}
	return serve_main(argc, argv, title_environment());
}

static int run(int argc, char **argv)
{
	for (const struct command *c = commands; c->name && argc > 1; c++)
		if (strcmp(argv[1], c->name) == 0)
			return c->main(argc - 1, argv + 1);
	return serve(argc, argv);
}

/*
 * A closed one would be the next file to be opened, and the log would go into that.  The wrong way
 * round: what is written to a closed standard output must go on failing.
 */
static void fill_standard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
			return;
}

/* What nobody could read was not done, even if all else was. */
int main(int argc, char **argv)
{
	fill_standard_streams();
	int status = run(argc, argv);

	errno = 0;
	if ((fflush(stdout) == EOF || ferror(stdout)) && status == EXIT_SUCCESS) {
		fprintf(stderr, "littled: standard output: %s\n", strerror(errno ? errno : EIO));
		status = EXIT_FAILURE;
	}
	return status;
}
