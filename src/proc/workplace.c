/* Where the server works.  Runs in: master; its child until execve(2) (leaving). */
#include "proc/workplace.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/reason.h"
#include "conf/environment.h"

static int umask_before = MODE_INHERIT;

int workplace_enter(const struct options *o, char *why, size_t why_bytes)
{
	char reason[REASON_BYTES];
	int error = environment_export(&o->raw_env);

	if (error < 0) {
		snprintf(why, why_bytes, "raw_env: %s", strerror(-error));
		return error;
	}
	if (o->umask != MODE_INHERIT)
		umask_before = (int)umask((mode_t)o->umask);
	if (o->chdir && chdir(o->chdir) < 0) {
		error = -errno;
		snprintf(why, why_bytes, "chdir = %s: %s", o->chdir,
			 reason_of_path(o->chdir, error, reason, sizeof reason));
		return error;
	}
	return 0;
}

int workplace_leave(int start_fd, char **environment)
{
	environment_restore(environment);
	if (umask_before != MODE_INHERIT)
		umask((mode_t)umask_before);
	return fchdir(start_fd) < 0 ? -errno : 0;
}
