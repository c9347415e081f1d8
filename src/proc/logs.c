/* The logs of all processes.  Runs in: master, worker (leader). */
#include "proc/logs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/logfile.h"
#include "base/reason.h"
#include "proc/master.h"

/* Looks in vain before that is said: the master may be about to make the file. */
#define LOOKS_BEFORE_COMPLAINT 4

static void complain(const char *what, const char *path, int error)
{
	char why[REASON_BYTES];

	log_error("%s: %s: %s", what, path, reason_of_path(path, error, why, sizeof why));
}

static int open_access(struct heritage *h)
{
	const struct options *o = h->options;
	char why[REASON_BYTES];

	if (!o->access_logfile)
		return 0;
	if (access_open(&h->access, o->access_logformat, why, sizeof why) < 0) {
		log_error("access_logformat: %s", why);
		return EXIT_BAD_CONFIGURATION;
	}
	if (strcmp(o->access_logfile, "-") == 0)
		h->access_fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
	else
		h->access_fd = logfile_open(o->access_logfile);
	if (h->access_fd < 0) {
		complain("access log", o->access_logfile, h->access_fd == -1 ? errno : h->access_fd);
		return EXIT_CANNOT_SERVE;
	}
	return 0;
}

int logs_open(struct heritage *h)
{
	const struct options *o = h->options;

	log_echo(true); /* until background_settle() */
	if (h->identity.is_other)
		logfile_set_owner(h->identity.uid, h->identity.gid);
	int error = log_open(o->error_logfile);
	if (error < 0) {
		complain("error log", o->error_logfile, error);
		return EXIT_CANNOT_SERVE;
	}
	log_set_level((enum ltd_log_level)o->log_level);
	return open_access(h);
}

void logs_close(struct heritage *h)
{
	if (h->access_fd >= 0)
		close(h->access_fd);
	h->access_fd = -1;
	if (h->access.format)
		access_close(&h->access);
}

static bool access_is_file(const struct heritage *h)
{
	return h->access_fd >= 0 && strcmp(h->options->access_logfile, "-") != 0;
}

static int reopen_errors(const struct heritage *h, bool is_to_complain)
{
	int error = log_reopen();

	if (error < 0 && is_to_complain)
		complain("error log", h->options->error_logfile, error);
	return error;
}

static int reopen_access(const struct heritage *h, bool is_to_complain)
{
	int error = logfile_reopen(h->options->access_logfile, h->access_fd);

	if (error < 0 && is_to_complain)
		complain("access log", h->options->access_logfile, error);
	return error;
}

void logs_reopen(const struct heritage *h)
{
	reopen_errors(h, true);
	if (access_is_file(h))
		reopen_access(h, true);
}

void logs_follow(const struct heritage *h)
{
	static unsigned failures;
	bool is_to_complain = failures + 1 == LOOKS_BEFORE_COMPLAINT;
	int error = 0;

	if (log_is_moved())
		error = reopen_errors(h, is_to_complain);
	if (access_is_file(h) && logfile_is_moved(h->options->access_logfile, h->access_fd))
		error |= reopen_access(h, is_to_complain);
	if (!error)
		failures = 0;
	else if (failures < LOOKS_BEFORE_COMPLAINT)
		failures++;
}
