/* The file that says which process is the master.  Runs in: master. */
#include "proc/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/reason.h"
#include "proc/aside.h"

static const char *name_of(const struct pidfile *p)
{
	return p->aside ? p->aside : p->path;
}

static int fail(struct pidfile *p, char *why, size_t why_bytes)
{
	int error = -errno;
	char reason[REASON_BYTES], text[32];

	if (error == -EWOULDBLOCK) {
		ssize_t n = pread(p->fd, text, sizeof text - 1, 0);

		text[n > 0 ? n : 0] = '\0';
		int pid = (int)strtol(text, NULL, 10);
		if (pid > 0)
			snprintf(why, why_bytes, "pid file: %s: another server runs, process %d",
				 name_of(p), pid);
		else
			snprintf(why, why_bytes, "pid file: %s: another process has locked it",
				 name_of(p));
	} else if (error == -EEXIST) {
		snprintf(why, why_bytes, "pid file: %s: is no plain file, and stays as it is",
			 name_of(p));
	} else {
		snprintf(why, why_bytes, "pid file: %s: %s", name_of(p),
			 reason_of_path(name_of(p), error, reason, sizeof reason));
	}
	pidfile_forget(p);
	return error;
}

/* Whoever held the lock before us may have removed the file we have open. */
static bool is_still_there(const struct pidfile *p)
{
	struct stat ours, named;

	return fstat(p->fd, &ours) == 0 && stat(name_of(p), &named) == 0 &&
	       ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

/* What is removed in the end must be ours to remove: /dev/null is not. */
static bool is_plain(const struct pidfile *p)
{
	struct stat st;

	return fstat(p->fd, &st) == 0 && S_ISREG(st.st_mode);
}

static int lock(struct pidfile *p)
{
	for (;;) {
		p->fd = open(name_of(p), O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644);
		if (p->fd < 0)
			return -1;
		if (!is_plain(p)) {
			errno = EEXIST;
			return -1;
		}
		if (flock(p->fd, LOCK_EX | LOCK_NB) < 0)
			return -1;
		if (is_still_there(p))
			return 0;
		close(p->fd);
	}
}

static int write_number(struct pidfile *p, char *why, size_t why_bytes)
{
	char text[32];
	int n = snprintf(text, sizeof text, "%d\n", (int)getpid());

	if (lock(p) < 0)
		return fail(p, why, why_bytes);
	errno = ENOSPC; /* unless a call says otherwise: what a short write means */
	if (ftruncate(p->fd, 0) < 0 || pwrite(p->fd, text, (size_t)n, 0) != n) {
		int error = errno;

		unlink(name_of(p));
		errno = error;
		return fail(p, why, why_bytes);
	}
	return 0;
}

int pidfile_open(struct pidfile *p, const char *path, char *why, size_t why_bytes)
{
	*p = (struct pidfile){ .path = path, .fd = -1 };
	return write_number(p, why, why_bytes);
}

int pidfile_open_aside(struct pidfile *p, const char *path, char *why, size_t why_bytes)
{
	*p = (struct pidfile){ .path = path, .fd = -1 };
	if (asprintf(&p->aside, "%s" ASIDE, path) < 0) {
		p->aside = NULL;
		snprintf(why, why_bytes, "pid file: %s: %s", path, strerror(ENOMEM));
		return -ENOMEM;
	}
	return write_number(p, why, why_bytes);
}

/* The lock goes with the file; one that a crash has left under the name is replaced. */
int pidfile_promote(struct pidfile *p)
{
	if (p->fd < 0 || !p->aside)
		return 0;
	if (rename(p->aside, p->path) < 0)
		return -errno;
	free(p->aside);
	p->aside = NULL;
	return 0;
}

void pidfile_clear_aside(const char *path)
{
	struct pidfile p = { .path = path, .fd = -1 };

	if (asprintf(&p.aside, "%s" ASIDE, path) < 0)
		return;
	p.fd = open(p.aside, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (p.fd >= 0 && is_plain(&p) && flock(p.fd, LOCK_EX | LOCK_NB) == 0 && is_still_there(&p))
		pidfile_close(&p);
	else
		pidfile_forget(&p);
}

void pidfile_close(struct pidfile *p)
{
	if (p->fd >= 0 && is_still_there(p)) /* somebody may have removed it, and another be there */
		unlink(name_of(p));
	pidfile_forget(p);
}

void pidfile_forget(struct pidfile *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	free(p->aside);
	p->aside = NULL;
}
