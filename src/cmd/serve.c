/* The command that serves.  Runs in: master. */
#include "cmd/serve.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/mount.h"
#include "conf/conf.h"
#include "proc/master.h"

/* What conf_load() could not check: whether the apps are there and take their settings. */
static int check(const struct conf *conf)
{
	struct mounts mounts;

	if (mounts_open(&mounts, conf) < 0)
		return EXIT_BAD_CONFIGURATION;
	mounts_close(&mounts);
	puts("the configuration is sound");
	return EXIT_SUCCESS;
}

int serve_main(int argc, char **argv, char **environment)
{
	struct conf conf;
	int status = EXIT_BAD_CONFIGURATION;

	switch (conf_load(&conf, argc, argv, environment)) {
	case CONF_SERVE:
		status = master_run(&conf);
		break;
	case CONF_CHECK:
		status = check(&conf);
		break;
	case CONF_DONE:
		status = EXIT_SUCCESS;
		break;
	case CONF_REFUSED:
		break;
	}
	conf_fini(&conf);
	return status;
}
