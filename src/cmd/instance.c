/* Finding a running server.  Runs in: a command's process. */
#include "cmd/instance.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/procfs.h"
#include "metrics/board.h"

#define BOARD_LINK "/memfd:littled-board"

static bool is_board(const char *path)
{
	char link[64];
	ssize_t n = readlink(path, link, sizeof link - 1);

	if (n < 0)
		return false;
	link[n] = '\0';
	return strncmp(link, BOARD_LINK, sizeof BOARD_LINK - 1) == 0;
}

static pid_t number_of(const struct dirent *d)
{
	char *end;
	long n = strtol(d->d_name, &end, 10);

	return *end == '\0' && n > 0 ? (pid_t)n : 0;
}

/* The first board a process holds.  0, -ENOENT, -EACCES and the like. */
static int open_of(pid_t pid, struct shm *board)
{
	char folder[32], path[96];
	const struct dirent *d;
	int error = -ENOENT;

	snprintf(folder, sizeof folder, "/proc/%d/fd", (int)pid);
	DIR *dir = opendir(folder);
	if (!dir)
		return -errno;
	while (error == -ENOENT && (d = readdir(dir))) {
		snprintf(path, sizeof path, "%s/%.20s", folder, d->d_name);
		if (is_board(path))
			error = board_open_path(board, path);
	}
	closedir(dir);
	return error;
}

static const struct board *board_of(const struct shm *m)
{
	return m->at;
}

static int explain(struct buf *why, pid_t pid, int error)
{
	buf_printf(why, "process %d: %s", (int)pid,
		   error == -ENOENT   ? "is no littled server"
		   : error == -EPROTO ? "is a littled of another version"
		   : error == -EACCES ? "only its user and root may look at it; --url asks its "
					"statistics listener"
				      : strerror(-error));
	return error;
}

/* Whose files may not be seen still has its name. */
static bool is_called_master(pid_t pid)
{
	static const char name[] = "littled: master";
	char text[sizeof name];

	return procfs_read(pid, "comm", text, sizeof text) && strcmp(text, name) == 0;
}

/* Every process of a server holds its board: only the master counts.  0, or why it is none. */
static int open_if_master(pid_t pid, struct shm *board)
{
	int error = open_of(pid, board);

	if (error == -EACCES)
		return is_called_master(pid) ? error : -ENOENT;
	if (error)
		return error;
	if (board_of(board)->master_pid == pid)
		return 0;
	shm_close(board);
	return -ENOENT;
}

/* What was found beside a server that can be looked at: one that cannot. */
struct closed {
	pid_t pid;
	int error;
};

/* Puts the number of them; the first one's board stays open. */
static unsigned open_first(DIR *proc, struct shm *board, struct closed *closed, struct buf *why)
{
	const struct dirent *d;
	struct shm other;
	unsigned found = 0;

	while ((d = readdir(proc))) {
		pid_t pid = number_of(d);
		int error = pid ? open_if_master(pid, found ? &other : board) : -ENOENT;

		if (error == -EACCES || error == -EPROTO)
			*closed = (struct closed){ pid, error };
		if (error)
			continue;
		buf_printf(why, "%s%d",
			   found ? ", " : "several servers run: say which with --pid: ", (int)pid);
		if (found++)
			shm_close(&other);
	}
	return found;
}

static int open_only(struct shm *board, struct buf *why)
{
	DIR *proc = opendir("/proc");
	struct closed closed = { 0, 0 };

	if (!proc) {
		buf_printf(why, "/proc: %s", strerror(errno));
		return -errno;
	}
	unsigned found = open_first(proc, board, &closed, why);
	closedir(proc);
	if (found == 1) {
		buf_reset(why);
		return 0;
	}
	if (found) {
		shm_close(board);
		return -EEXIST;
	}
	if (closed.pid)
		return explain(why, closed.pid, closed.error);
	buf_puts(why, "no running server was found; name one with --pid, --board or --url");
	return -ENOENT;
}

int instance_open(struct shm *board, const struct instance *which, struct buf *why)
{
	int error;

	*board = (struct shm){ .fd = -1 };
	if (which->board) {
		error = board_open_path(board, which->board);
		if (error)
			buf_printf(why, "%s: %s", which->board,
				   error == -EPROTO ? "is no board of this version"
						    : strerror(-error));
		return error;
	}
	if (!which->pid)
		return open_only(board, why);
	error = open_of(which->pid, board);
	return error ? explain(why, which->pid, error) : 0;
}
