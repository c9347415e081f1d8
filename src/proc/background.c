/* Going into the background.  Runs in: master, worker; while single-threaded. */
#include "proc/background.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "proc/master.h"

/* How a daemon that never served has ended. */
static int status_of(pid_t daemon)
{
	int status;

	if (waitpid(daemon, &status, 0) == daemon && WIFEXITED(status) && WEXITSTATUS(status) != 0)
		return WEXITSTATUS(status);
	return EXIT_CANNOT_SERVE;
}

/* The starter's part: waits for word, and passes it on. */
static _Noreturn void wait_for_daemon(int fd, pid_t daemon)
{
	char byte;

	_exit(read(fd, &byte, 1) == 1 ? EXIT_SUCCESS : status_of(daemon));
}

static bool is_log_chosen(const struct options *o)
{
	return o->from[OPTION_error_logfile].origin != ORIGIN_DEFAULT;
}

/* A log on the terminal that a daemon lets go is wanted by those alone who ask for it. */
static bool keeps_stderr(const struct options *o)
{
	return is_log_chosen(o) && strcmp(o->error_logfile, "-") == 0;
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
		wait_for_daemon(told[0], pid);
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

void background_tell(struct background *b, const struct options *o)
{
	if (b->told_fd < 0)
		return;
	if (!is_log_chosen(o))
		log_warning("daemon without error_logfile: from here on nothing is logged; give a "
			    "file, syslog, or - to keep standard error");
	background_settle(o); /* first: the starter's reader gets to the end with the starter */
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
	if (o->daemon && !keeps_stderr(o))
		point_at_nothing(STDERR_FILENO);
}
