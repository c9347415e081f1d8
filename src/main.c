/* littled's commands. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/advise.h"
#include "cmd/bench.h"
#include "cmd/ctl.h"
#include "cmd/lab.h"
#include "cmd/serve.h"
#include "cmd/top.h"
#include "cmd/usl.h"
#include "proc/title.h"

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

int main(int argc, char **argv)
{
	for (const struct command *c = commands; c->name && argc > 1; c++)
		if (strcmp(argv[1], c->name) == 0)
			return c->main(argc - 1, argv + 1);

	if (title_prepare(argc, argv, &environ) < 0) {
		fputs("littled: out of memory\n", stderr);
		return EXIT_FAILURE;
	}
	return serve_main(argc, argv, environ);
}
