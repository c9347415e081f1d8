/* What the service manager says in the environment.  Runs in: master. */
#include "conf/supervisor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/slice.h"
#include "conf/environment.h"

#define LISTEN_PID "LISTEN_PID"
#define LISTEN_FDS "LISTEN_FDS"
#define LISTEN_FDNAMES "LISTEN_FDNAMES"
#define WATCHDOG_PID "WATCHDOG_PID"
#define WATCHDOG_USEC "WATCHDOG_USEC"

#define FDS_MAX 1024 /* more is nonsense */

static uint64_t number_of(char **environment, const char *variable)
{
	const char *text = environment_find(environment, variable);
	uint64_t n = 0;

	return text && slice_to_u64(slice_of_string(text), &n) ? n : 0;
}

void supervisor_read(struct supervisor *s, char **environment, pid_t self)
{
	*s = (struct supervisor){
		.notify_socket = environment_find(environment, "NOTIFY_SOCKET"),
		.journal_stream = environment_find(environment, "JOURNAL_STREAM"),
	};
	if (number_of(environment, LISTEN_PID) == (uint64_t)self) {
		uint64_t count = number_of(environment, LISTEN_FDS);

		s->fd_count = count <= FDS_MAX ? (unsigned)count : 0;
		s->fd_names = environment_find(environment, LISTEN_FDNAMES);
	}
	if (number_of(environment, VARIABLE_PREDECESSOR) == (uint64_t)getppid())
		s->predecessor = getppid();
	/* Without a number it is for whoever reads it. */
	if (!environment_find(environment, WATCHDOG_PID) ||
	    number_of(environment, WATCHDOG_PID) == (uint64_t)self)
		s->watchdog_us = number_of(environment, WATCHDOG_USEC);
}

void supervisor_hide(void)
{
	unsetenv(LISTEN_PID);
	unsetenv(LISTEN_FDS);
	unsetenv(LISTEN_FDNAMES);
	unsetenv(VARIABLE_PREDECESSOR);
}

int supervisor_bequeath(unsigned count, const char *names)
{
	char self[16], parent[16], fds[16];

	snprintf(self, sizeof self, "%d", (int)getpid());
	snprintf(parent, sizeof parent, "%d", (int)getppid());
	snprintf(fds, sizeof fds, "%u", count);
	if (setenv(LISTEN_PID, self, 1) < 0 || setenv(LISTEN_FDS, fds, 1) < 0 ||
	    setenv(LISTEN_FDNAMES, names, 1) < 0 || setenv(WATCHDOG_PID, self, 1) < 0 ||
	    setenv(VARIABLE_PREDECESSOR, parent, 1) < 0)
		return -errno;
	return 0;
}
