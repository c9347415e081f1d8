/* What a start would make, judged by the directories it would be in.  Runs in: master (checking). */
#include "proc/outlook.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/reason.h"
#include "base/sink.h"
#include "conf/address.h"
#include "net/listener.h"
#include "proc/master.h"

/* --- one path ---------------------------------------------------------------------- */

static int check_access(const char *path, int mode)
{
	return faccessat(AT_FDCWD, path, mode, AT_EACCESS) < 0 ? -errno : 0;
}

/* Can a name be made there? */
static int check_directory_of(const char *path)
{
	char copy[PATH_MAX], directory[PATH_MAX + 2];

	if (strlen(path) >= sizeof copy)
		return -ENAMETOOLONG;
	memcpy(copy, path, strlen(path) + 1);
	snprintf(directory, sizeof directory, "%s/.", dirname(copy)); /* ENOTDIR, if it is none */
	return check_access(directory, W_OK | X_OK);
}

static int check_file(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == ENOENT ? check_directory_of(path) : -errno;
	return S_ISDIR(st.st_mode) ? -EISDIR : check_access(path, W_OK);
}

static int check_socket(const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
		return -EEXIST;
	return check_directory_of(path);
}

/* --- what is made ------------------------------------------------------------------- */

static int expect_file(const char *what, const char *path)
{
	char why[REASON_BYTES];
	int error = check_file(path);

	if (!error)
		return 0;
	log_error("%s: %s: %s", what, path, reason_of_path(path, error, why, sizeof why));
	return EXIT_CANNOT_SERVE;
}

/* A stream is open already, and the system's log is somebody else's to make. */
static int expect_log(const char *what, const char *where)
{
	if (!where || strcmp(where, "-") == 0 || sink_path(where) != where)
		return 0;
	return expect_file(what, where);
}

static int expect_socket(const char *path)
{
	char why[REASON_BYTES];
	int error = check_socket(path);

	if (!error)
		return 0;
	log_error("cannot listen on unix:%s: %s", path,
		  error == -EEXIST ? LISTENER_IN_THE_WAY
				   : reason_of_path(path, error, why, sizeof why));
	return EXIT_CANNOT_SERVE;
}

static int expect_bind(const char *bind)
{
	struct address a;

	if (!bind || !address_parse(slice_of_string(bind), &a) || !a.is_unix)
		return 0;
	return expect_socket(a.path);
}

static int expect_binds(const struct heritage *h)
{
	const struct options *o = h->options;
	int status = 0;

	if (h->conf->supervisor.fd_count)
		return 0; /* they are open */
	for (size_t i = 0; i < o->bind.count && !status; i++)
		status = expect_bind(o->bind.at[i]);
	return status ? status : expect_bind(o->admin_bind);
}

int outlook_check(const struct heritage *h)
{
	const struct options *o = h->options;
	int status = expect_log("error log", o->error_logfile);

	if (!status)
		status = expect_log("access log", o->access_logfile);
	if (!status && o->pid)
		status = expect_file("pid file", o->pid);
	if (!status)
		status = expect_binds(h);
	if (!status && o->control_socket)
		status = expect_socket(o->control_socket);
	return status;
}
