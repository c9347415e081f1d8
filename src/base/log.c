/* The error log.  Runs in: any. */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/logfile.h"

#define LINE_BYTES 2048

static const char *const level_names[] = {
	[LTD_LOG_DEBUG] = "DEBUG", [LTD_LOG_INFO] = "INFO",         [LTD_LOG_WARNING] = "WARNING",
	[LTD_LOG_ERROR] = "ERROR", [LTD_LOG_CRITICAL] = "CRITICAL",
};

static char log_path[4096];
static _Atomic int log_fd = STDERR_FILENO;
static _Atomic bool log_is_echoed;
static _Atomic int log_level = LTD_LOG_INFO;

int log_open(const char *path)
{
	if (!path || strcmp(path, "-") == 0) {
		atomic_store(&log_fd, STDERR_FILENO);
		log_path[0] = '\0';
		return 0;
	}
	if (strlen(path) >= sizeof log_path)
		return -ENAMETOOLONG;

	int fd = logfile_open(path);
	if (fd < 0)
		return fd;

	int old = atomic_load(&log_fd);
	memcpy(log_path, path, strlen(path) + 1);
	if (old == STDERR_FILENO) {
		atomic_store(&log_fd, fd);
		return 0;
	}
	/* Threads may be writing to `old` now: put the new file under the same number. */
	dup3(fd, old, O_CLOEXEC);
	close(fd);
	return 0;
}

bool log_is_moved(void)
{
	return log_path[0] && logfile_is_moved(log_path, atomic_load(&log_fd));
}

int log_reopen(void)
{
	return log_path[0] ? logfile_reopen(log_path, atomic_load(&log_fd)) : 0;
}

int log_descriptor(void)
{
	return atomic_load(&log_fd);
}

void log_echo(bool on)
{
	atomic_store(&log_is_echoed, on);
}

void log_set_level(enum ltd_log_level level)
{
	atomic_store(&log_level, (int)level);
}

bool log_is_on(enum ltd_log_level level)
{
	return (int)level >= atomic_load_explicit(&log_level, memory_order_relaxed);
}

static size_t put_prefix(char *line, size_t size, enum ltd_log_level level)
{
	struct tm tm;
	time_t now = time(NULL);

	localtime_r(&now, &tm);
	size_t n = strftime(line, size, "[%Y-%m-%d %H:%M:%S %z]", &tm);
	return n + (size_t)snprintf(line + n, size - n, " [%d] [%s] ", (int)getpid(),
				    level_names[level]);
}

/* A log line is one line: what would break it up, or move a terminal's cursor, becomes '?'. */
static void tame(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = '?';
}

static void put(enum ltd_log_level level, const char *line, size_t len)
{
	int fd = atomic_load_explicit(&log_fd, memory_order_relaxed);

	if (write(fd, line, len) < 0) {
		/* Nowhere left to say so. */
	}
	if (fd != STDERR_FILENO && level >= LTD_LOG_WARNING && atomic_load(&log_is_echoed) &&
	    write(STDERR_FILENO, line, len) < 0) {
		/* Nor here. */
	}
}

void log_vline(enum ltd_log_level level, const char *format, va_list args)
{
	char line[LINE_BYTES];
	int saved = errno;

	if (!log_is_on(level))
		return;
	size_t n = put_prefix(line, sizeof line, level);
	size_t room = sizeof line - n - 1;
	int more = vsnprintf(line + n, room, format, args);
	size_t text = more < 0 ? 0 : (size_t)more < room ? (size_t)more : room - 1;

	tame(line + n, text);
	n += text;
	line[n++] = '\n';
	put(level, line, n);
	errno = saved;
}

void log_line(enum ltd_log_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_vline(level, format, args);
	va_end(args);
}
