/* Lines for the server's error log. */
#ifndef LITTLED_LOG_H
#define LITTLED_LOG_H

enum ltd_log_level {
	LTD_LOG_DEBUG,
	LTD_LOG_INFO,
	LTD_LOG_WARNING,
	LTD_LOG_ERROR,
	LTD_LOG_CRITICAL
};

/* One line, one write(2).  The level, the time and the process are added. */
void ltd_log(enum ltd_log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
