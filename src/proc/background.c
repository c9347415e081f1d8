/* Going into the background.  Runs in: master, worker; while single-threaded. */
#include "proc/background.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "proc/master.h"

/* The starter's part: waits for word, and passes it on. */
static _Noreturn void wait_for_daemon(int fd)
{
	char byte;

	_exit(read(fd, &byte, 1) == 1 ? EXIT_SUCCESS : EXIT_CANNOT_SERVE);
}

static void point_at_nothing(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	dup2(null, fd);
	close(null);
}

int background_enter(struct background *b, const struct options *o)
{
	int told[2];

	*b = (struct background){ .told_fd = -1 };
	if (!o->daemon)
		return 0;
	if (pipe2(told, O_CLOEXEC) < 0)
		return -errno;
	pid_t pid = fork();
	if (pid > 0) {
		close(told[1]);
		wait_for_daemon(told[0]);
	}
	close(told[0]);
	b->told_fd = told[1];
	if (pid < 0)
		return -errno;
	setsid();
	point_at_nothing(STDIN_FILENO);
	if (!o->access_logfile || strcmp(o->access_logfile, "-") != 0)
		point_at_nothing(STDOUT_FILENO);
	return 0;
}

void background_tell(struct background *b)
{
	if (b->told_fd < 0)
		return;
	if (write(b->told_fd, "", 1) < 0)
		log_warning("the process that started this daemon is gone");
	background_close(b);
}

void background_close(struct background *b)
{
	if (b->told_fd >= 0)
		close(b->told_fd);
	b->told_fd = -1;
}

void background_settle(const struct options *o)
{
	log_echo(false);
	if (o->daemon && strcmp(o->error_logfile, "-") != 0)
		point_at_nothing(STDERR_FILENO);
}
