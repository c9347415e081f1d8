/*
 * The error log: one line, one write(2).
 *
 *	[2026-01-31 12:00:00 +0000] [4711] [INFO] subject: what happened: errno text
 *
 * The floor that decides logs, once.  Safe from any thread.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdarg.h>
#include <stdbool.h>

#include <littled/log.h>

#include "base/sink.h"

/*
 * Where sink_open() says, with standard error for "-"; `journal` as in sink_detect_journal().  0 or
 * a negative errno value: then the old log stays.  While single-threaded.
 */
int log_open(const char *where, const char *journal);

/* Where the lines go. */
const struct sink *log_sink(void);

/* Is the log a file that was renamed? */
bool log_is_moved(void);

/* Opens the same path again if another file is there, or none: 0 or a negative errno value. */
int log_reopen(void);

/*
 * For what writes by itself, more than a line at once: where the lines go, but standard error if
 * that is the system's log.  Stays the same over log_reopen().
 */
int log_descriptor(void);

/* What is a warning or worse also goes to standard error, when the log is another place. */
void log_echo(bool on);

void log_set_level(enum ltd_log_level level);
bool log_is_on(enum ltd_log_level level);

void log_vline(enum ltd_log_level level, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));
void log_line(enum ltd_log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define log_debug(...) \
	do { \
		if (log_is_on(LTD_LOG_DEBUG)) \
			log_line(LTD_LOG_DEBUG, __VA_ARGS__); \
	} while (0)
#define log_info(...) log_line(LTD_LOG_INFO, __VA_ARGS__)
#define log_warning(...) log_line(LTD_LOG_WARNING, __VA_ARGS__)
#define log_error(...) log_line(LTD_LOG_ERROR, __VA_ARGS__)

#endif
