/* A file that lines are added to.  Runs in: any. */
#include "base/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

static uid_t owner = LOGFILE_OURS;
static gid_t owning_group;

void logfile_set_owner(uid_t uid, gid_t gid)
{
	owner = uid;
	owning_group = gid;
}

/*
 * Only a file that we have just made is handed over: with any other, whoever may write in that
 * directory could have us give away a file of his choice by a link (as CVE-2016-1247 has it).
 */
static int make(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_CREAT | O_EXCL, 0644);

	/* Whoever is that user has made it his already, and may not be let call fchown(2). */
	bool is_given = fd >= 0 && owner != LOGFILE_OURS && owner != geteuid();
	if (is_given && fchown(fd, owner, owning_group) < 0) {
		int error = -errno;

		close(fd);
		return error;
	}
	return fd < 0 ? -errno : fd;
}

int logfile_open(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY);

	if (fd >= 0)
		return fd;
	if (errno != ENOENT)
		return -errno;
	fd = make(path);
	if (fd == -EEXIST) { /* somebody was faster, or it is a link to nothing */
		fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_CREAT, 0644);
		return fd < 0 ? -errno : fd;
	}
	return fd;
}

static bool is_same(const struct stat *there, int fd)
{
	struct stat ours;

	return fstat(fd, &ours) == 0 && there->st_ino == ours.st_ino && there->st_dev == ours.st_dev;
}

bool logfile_is_moved(const char *path, int fd)
{
	struct stat there;

	return stat(path, &there) < 0 ? errno == ENOENT : !is_same(&there, fd);
}

int logfile_reopen(const char *path, int fd)
{
	struct stat there;

	if (stat(path, &there) == 0 && is_same(&there, fd))
		return 0;

	int now = logfile_open(path);
	if (now < 0)
		return now;
	int error = dup3(now, fd, O_CLOEXEC) < 0 ? -errno : 0;
	close(now);
	return error;
}
