/* The error log.  Runs in: any. */
#include "base/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define TEXT_BYTES 2000
#define HEAD_BYTES 64

static const struct {
	const char *name;
	enum severity severity;
} levels[] = {
	[LTD_LOG_DEBUG] = { "DEBUG", SEVERITY_DEBUG },
	[LTD_LOG_INFO] = { "INFO", SEVERITY_INFO },
	[LTD_LOG_WARNING] = { "WARNING", SEVERITY_WARNING },
	[LTD_LOG_ERROR] = { "ERROR", SEVERITY_ERROR },
	[LTD_LOG_CRITICAL] = { "CRITICAL", SEVERITY_CRITICAL },
};

static struct sink sink = { .kind = SINK_STREAM, .fd = STDERR_FILENO };
static _Atomic bool is_echoed;
static _Atomic int log_level = LTD_LOG_INFO;

int log_open(const char *where, const char *journal)
{
	struct sink opened;
	int error = sink_open(&opened, where, STDERR_FILENO);

	if (error)
		return error;
	sink_detect_journal(&opened, journal);
	sink_close(&sink);
	sink = opened;
	return 0;
}

const struct sink *log_sink(void)
{
	return &sink;
}

bool log_is_moved(void)
{
	return sink_is_moved(&sink);
}

int log_reopen(void)
{
	return sink_reopen(&sink);
}

int log_descriptor(void)
{
	return sink.kind == SINK_SYSLOG ? STDERR_FILENO : sink.fd;
}

void log_echo(bool on)
{
	atomic_store(&is_echoed, on);
}

void log_set_level(enum ltd_log_level level)
{
	atomic_store(&log_level, (int)level);
}

bool log_is_on(enum ltd_log_level level)
{
	return (int)level >= atomic_load_explicit(&log_level, memory_order_relaxed);
}

static void put_head(char head[HEAD_BYTES], enum ltd_log_level level)
{
	struct tm tm;
	time_t now = time(NULL);

	localtime_r(&now, &tm);
	size_t n = strftime(head, HEAD_BYTES, "[%Y-%m-%d %H:%M:%S %z]", &tm);
	snprintf(head + n, HEAD_BYTES - n, " [%d] [%s] ", (int)getpid(), levels[level].name);
}

/* A log line is one line: what would break it up, or move a terminal's cursor, becomes '?'. */
static void tame(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = '?';
}

void log_vline(enum ltd_log_level level, const char *format, va_list args)
{
	static const struct sink echo = { .kind = SINK_STREAM, .fd = STDERR_FILENO };
	char head[HEAD_BYTES], text[TEXT_BYTES];
	int saved = errno;

	if (!log_is_on(level))
		return;
	put_head(head, level);
	int more = vsnprintf(text, sizeof text, format, args);
	size_t len = more < 0 ? 0 : (size_t)more < sizeof text ? (size_t)more : sizeof text - 1;

	tame(text, len);
	sink_put(&sink, levels[level].severity, head, text, len);
	if (level >= LTD_LOG_WARNING && sink.fd != STDERR_FILENO && atomic_load(&is_echoed))
		sink_put(&echo, levels[level].severity, head, text, len);
	errno = saved;
}

void log_line(enum ltd_log_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_vline(level, format, args);
	va_end(args);
}
