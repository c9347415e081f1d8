/* The command that serves.  Runs in: master. */
#include "cmd/serve.h"

#include <stdio.h>
#include <stdlib.h>

#include "conf/conf.h"
#include "proc/edition.h"
#include "proc/master.h"

/*
 * What conf_load() could not check: whether the apps are there
 * and take their settings, and who the workers are to be.
 */
static int check(const struct conf *conf)
{
	int status = foundation_check(conf);

	if (status == EXIT_SUCCESS)
		puts("the configuration is sound");
	return status;
}

int serve_main(int argc, char **argv, char **environment)
{
	const struct reading reading = { .argc = argc, .argv = argv, .environment = environment };
	struct conf conf;
	int status = EXIT_BAD_CONFIGURATION;

	switch (conf_load(&conf, argc, argv, environment)) {
	case CONF_SERVE:
		status = master_run(&conf, &reading);
		break;
	case CONF_CHECK:
		status = check(&conf);
		break;
	case CONF_DONE:
		status = EXIT_SUCCESS;
		break;
	case CONF_UNPRINTED:
		status = EXIT_FAILURE;
		break;
	case CONF_REFUSED:
		break;
	}
	conf_fini(&conf);
	return status;
}
