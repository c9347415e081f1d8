/*
 * Where lines go: a file, a stream that was open when we started, or the system's log.
 *
 * A line is one call to the system, so that lines of several processes do not mix.  Nothing blocks
 * but a pipe whose reader sleeps: a line the system's log does not take is lost.
 */
#ifndef BASE_SINK_H
#define BASE_SINK_H

#include <stdbool.h>
#include <stddef.h>

enum sink_kind { SINK_STREAM, SINK_JOURNAL, SINK_FILE, SINK_SYSLOG };

struct sink {
	enum sink_kind kind;
	int fd;     /* the same as long as it is open */
	char *path; /* of a file, of the system's log; else NULL */
};

/* As in syslog(3), where less is worse. */
enum severity {
	SEVERITY_CRITICAL = 2,
	SEVERITY_ERROR = 3,
	SEVERITY_WARNING = 4,
	SEVERITY_INFO = 6,
	SEVERITY_DEBUG = 7,
};

/* The path that `where` speaks of, of a file or of a socket. */
const char *sink_path(const char *where);

/*
 * `where`: NULL or "-" for `stream`, which stays the caller's; "syslog" for /dev/log, or
 * "syslog:PATH"; else a file.  0 or a negative errno value.
 */
int sink_open(struct sink *s, const char *where, int stream);
void sink_close(struct sink *s);

/* The facility's number (RFC 5424 6.2.1) and the name that lines in the system's log begin with. */
void sink_set_syslog(unsigned facility, const char *name);

/*
 * `journal` is JOURNAL_STREAM of systemd.exec(5), may be NULL: a stream that is the journal's gets
 * severities instead of heads.
 */
void sink_detect_journal(struct sink *s, const char *journal);

/* A line: what it begins with where nobody else says when and by whom it was written, and text. */
void sink_put(const struct sink *s, enum severity severity, const char *head, const char *text,
	      size_t len);

/* Of a file, after a rename: see logfile.h. */
bool sink_is_moved(const struct sink *s);
int sink_reopen(const struct sink *s);

#endif
