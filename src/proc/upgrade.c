/* Starting another binary, and taking over from one.  Runs in: master; its child until execve(2). */
#include "proc/upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "proc/hardening.h"
#include "proc/listeners.h"
#include "proc/workplace.h"

#define EXIT_NOT_EXECUTED 127
#define CLEARINGS 10

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void tell_workers(struct upgrade *u)
{
	atomic_store(&u->foundation->heritage.board->has_relative, upgrade_has_relative(u));
}

void upgrade_open(struct upgrade *u, struct foundation *f, const struct reading *reading)
{
	*u = (struct upgrade){
		.foundation = f, .reading = reading, .predecessor_fd = -1, .why_fd = -1
	};
	u->predecessor = f->heritage.conf->supervisor.predecessor;
	if (!u->predecessor)
		return;
	u->predecessor_fd = pidfd_open(u->predecessor, 0);
	if (getppid() != u->predecessor)
		upgrade_promote(u); /* gone while we started */
	tell_workers(u);
}

void upgrade_close(struct upgrade *u)
{
	close_fd(&u->predecessor_fd);
	close_fd(&u->why_fd);
}

bool upgrade_has_relative(const struct upgrade *u)
{
	return u->heir || u->predecessor;
}

/* --- the new binary -------------------------------------------------------------- */

static int give_listeners(const struct heritage *h)
{
	unsigned count = listeners_count(h);
	struct inherited_gift *gift = calloc(count + 1, sizeof *gift);
	int error = gift ? 0 : -ENOMEM;

	if (!error) {
		listeners_gifts(h, gift);
		error = inherited_bequeath(gift, count);
	}
	free(gift);
	return error;
}

/* A new program finds what a program expects to find. */
static void reset_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
}

/*
 * By the name we were started by, from where: so it is found again, or what is there by now.  With
 * the environment from then, too: what raw_env has set is the new one's only if its configuration
 * says so.  The listeners get the numbers of whatever is open there, the log too; `why_fd` is out of their way.
 */
static _Noreturn void become(const struct upgrade *u, int why_fd)
{
	const struct heritage *h = &u->foundation->heritage;
	const struct reading *r = u->reading;
	int error,
		out = fcntl(why_fd, F_DUPFD_CLOEXEC, SUPERVISOR_FIRST_FD + (int)listeners_count(h));

	reset_signals();
	hardening_restore_dumps();
	error = out < 0 ? -errno : workplace_leave(r->start_fd, r->environment);
	if (!error)
		error = give_listeners(h);
	if (!error) {
		execvp(r->argv[0], r->argv);
		error = -errno;
	}
	_exit(write(out, &error, sizeof error) == sizeof error ? EXIT_NOT_EXECUTED : EXIT_FAILURE);
}

bool upgrade_start(struct upgrade *u)
{
	int why[2];

	if (upgrade_has_relative(u)) {
		log_error("upgrade: process %d is another master of ours, which must end first",
			  (int)(u->heir ? u->heir : u->predecessor));
		return false;
	}
	if (pipe2(why, O_CLOEXEC | O_NONBLOCK) < 0) {
		log_error("upgrade: cannot make a pipe: %s", strerror(errno));
		return false;
	}
	pid_t pid = fork();
	if (pid == 0)
		become(u, why[1]);
	if (pid < 0) {
		log_error("upgrade: cannot fork: %s", strerror(errno));
		close(why[0]);
		close(why[1]);
		return false;
	}
	log_info("upgrade: the new master is process %d", (int)pid);
	close(why[1]);
	u->why_fd = why[0];
	u->heir = pid;
	tell_workers(u);
	return true;
}

static void say_end(struct upgrade *u, pid_t pid, int wait_status)
{
	int error;

	if (read(u->why_fd, &error, sizeof error) == sizeof error)
		log_error("upgrade: cannot execute %s: %s", u->reading->argv[0], strerror(-error));
	else if (WIFSIGNALED(wait_status))
		log_error("upgrade: the new master, process %d, was ended by signal %d (%s)",
			  (int)pid, WTERMSIG(wait_status), strsignal(WTERMSIG(wait_status)));
	else
		log_warning("upgrade: the new master, process %d, has ended with status %d",
			    (int)pid, WEXITSTATUS(wait_status));
}

bool upgrade_on_child(struct upgrade *u, pid_t pid, int wait_status)
{
	if (pid != u->heir)
		return false;
	say_end(u, pid, wait_status);
	close_fd(&u->why_fd);
	u->heir = 0;
	u->clearings = CLEARINGS;
	upgrade_clear_aside(u);
	tell_workers(u);
	/* It may have been the service's main process in the meantime. */
	notify_send(&u->foundation->notify, "READY=1\nMAINPID=%d\nSTATUS=serving", (int)getpid());
	return true;
}

void upgrade_clear_aside(struct upgrade *u)
{
	if (u->heir || !u->clearings)
		return;
	u->clearings--;
	foundation_clear_aside(u->foundation);
}

/* --- the old one is gone ------------------------------------------------------------ */

void upgrade_promote(struct upgrade *u)
{
	log_info("upgrade: process %d is gone, this is the one master now", (int)u->predecessor);
	u->predecessor = 0;
	close_fd(&u->predecessor_fd);
	tell_workers(u);
	int error = pidfile_promote(&u->foundation->pidfile);
	if (error < 0)
		log_error("pid file: %s: %s", u->foundation->pidfile.path, strerror(-error));
	error = control_promote(&u->foundation->control);
	foundation_show_control(u->foundation);
	if (error < 0)
		log_error("control socket: %s: %s", u->foundation->control.path, strerror(-error));
}
