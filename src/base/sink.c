/* Where lines go.  Runs in: any. */
#include "base/sink.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/logfile.h"

#define SYSLOG "syslog"
#define SYSLOG_PATH "/dev/log"
#define HEAD_BYTES 96
#define NAME_BYTES 33

static unsigned syslog_facility = 3; /* daemon */
static char syslog_name[NAME_BYTES] = "littled";

void sink_set_syslog(unsigned facility, const char *name)
{
	syslog_facility = facility;
	snprintf(syslog_name, sizeof syslog_name, "%s", name);
}

/* --- opening --------------------------------------------------------------------- */

static int connect_to_syslog(int fd, const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof to.sun_path)
		return -ENAMETOOLONG;
	memcpy(to.sun_path, path, strlen(path));
	return connect(fd, (struct sockaddr *)&to, sizeof to) < 0 ? -errno : 0;
}

static int open_syslog(struct sink *s, const char *path)
{
	s->kind = SINK_SYSLOG;
	s->path = strdup(path);
	s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error = !s->path ? -ENOMEM : s->fd < 0 ? -errno : connect_to_syslog(s->fd, path);
	if (error)
		sink_close(s);
	return error;
}

static int open_file(struct sink *s, const char *path)
{
	s->kind = SINK_FILE;
	s->path = strdup(path);
	s->fd = s->path ? logfile_open(path) : -ENOMEM;
	int error = s->fd < 0 ? s->fd : 0;
	if (error)
		sink_close(s);
	return error;
}

static bool is_syslog(const char *where)
{
	size_t len = sizeof SYSLOG - 1;

	return strncmp(where, SYSLOG, len) == 0 && (where[len] == '\0' || where[len] == ':');
}

const char *sink_path(const char *where)
{
	if (!is_syslog(where))
		return where;
	return where[sizeof SYSLOG - 1] ? where + sizeof SYSLOG : SYSLOG_PATH;
}

int sink_open(struct sink *s, const char *where, int stream)
{
	*s = (struct sink){ .kind = SINK_STREAM, .fd = stream };
	if (!where || strcmp(where, "-") == 0)
		return 0;
	return is_syslog(where) ? open_syslog(s, sink_path(where)) : open_file(s, where);
}

void sink_close(struct sink *s)
{
	if (s->fd >= 0 && (s->kind == SINK_FILE || s->kind == SINK_SYSLOG))
		close(s->fd);
	free(s->path);
	*s = (struct sink){ .fd = -1 };
}

void sink_detect_journal(struct sink *s, const char *journal)
{
	uintmax_t device, inode;
	struct stat st;

	if (s->kind == SINK_STREAM && journal && sscanf(journal, "%ju:%ju", &device, &inode) == 2 &&
	    fstat(s->fd, &st) == 0 && st.st_dev == device && st.st_ino == inode)
		s->kind = SINK_JOURNAL;
}

/* --- lines ----------------------------------------------------------------------- */

/* "<30>Jan 31 12:00:00 littled[4711]: ", as syslog(3) writes it to the local log. */
static void put_syslog_head(char head[HEAD_BYTES], enum severity severity)
{
	time_t now = time(NULL);
	char date[32];
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(date, sizeof date, "%h %e %T", &tm);
	snprintf(head, HEAD_BYTES, "<%u>%s %s[%d]: ", syslog_facility * 8 + severity, date,
		 syslog_name, (int)getpid());
}

/* Its daemon may have been started anew: then the old connection leads nowhere. */
static void send_line(const struct sink *s, const struct msghdr *line)
{
	if (sendmsg(s->fd, line, MSG_NOSIGNAL) >= 0 || errno == EAGAIN)
		return;
	if (connect_to_syslog(s->fd, s->path) == 0)
		sendmsg(s->fd, line, MSG_NOSIGNAL);
}

void sink_put(const struct sink *s, enum severity severity, const char *head, const char *text,
	      size_t len)
{
	char own_head[HEAD_BYTES];
	int saved = errno;

	if (s->kind == SINK_JOURNAL)
		snprintf(own_head, sizeof own_head, "<%u>", (unsigned)severity);
	else if (s->kind == SINK_SYSLOG)
		put_syslog_head(own_head, severity);
	if (s->kind == SINK_JOURNAL || s->kind == SINK_SYSLOG)
		head = own_head;
	struct iovec piece[] = { { (void *)head, strlen(head) },
				 { (void *)text, len },
				 { (void *)"\n", 1 } };

	if (s->kind == SINK_SYSLOG)
		send_line(s, &(const struct msghdr){ .msg_iov = piece, .msg_iovlen = 2 });
	else if (writev(s->fd, piece, 3) < 0) {
		/* A full disk must not stop the service, and there is nowhere left to say so. */
	}
	errno = saved;
}

/* --- rotation -------------------------------------------------------------------- */

bool sink_is_moved(const struct sink *s)
{
	return s->kind == SINK_FILE && logfile_is_moved(s->path, s->fd);
}

int sink_reopen(const struct sink *s)
{
	return s->kind == SINK_FILE ? logfile_reopen(s->path, s->fd) : 0;
}
