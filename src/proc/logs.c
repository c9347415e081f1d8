/* The logs of all processes.  Runs in: master, worker (leader). */
#include "proc/logs.h"

#include <unistd.h>

#include "base/log.h"
#include "base/logfile.h"
#include "base/reason.h"
#include "proc/master.h"

/* Looks in vain before that is said: the master may be about to make the file. */
#define LOOKS_BEFORE_COMPLAINT 4

static void complain(const char *what, const char *where, int error)
{
	char why[REASON_BYTES];

	log_error("%s: %s: %s", what, where,
		  reason_of_path(sink_path(where), error, why, sizeof why));
}

int logs_open_access(struct heritage *h)
{
	const struct options *o = h->options;
	char why[REASON_BYTES];

	if (!o->access_logfile)
		return 0;
	if (access_open(&h->access, o->access_logformat, why, sizeof why) < 0) {
		log_error("access_logformat: %s", why);
		return EXIT_BAD_CONFIGURATION;
	}
	int error = sink_open(&h->access_sink, o->access_logfile, STDOUT_FILENO);
	if (error < 0) {
		complain("access log", o->access_logfile, error);
		return EXIT_CANNOT_SERVE;
	}
	sink_detect_journal(&h->access_sink, h->conf->supervisor.journal_stream);
	return 0;
}

int logs_open(struct heritage *h)
{
	const struct options *o = h->options;

	log_echo(true); /* until background_settle() */
	if (h->identity.is_other)
		logfile_set_owner(h->identity.uid, h->identity.gid);
	sink_set_syslog((unsigned)o->syslog_facility, o->name);
	int error = log_open(o->error_logfile, h->conf->supervisor.journal_stream);
	if (error < 0) {
		complain("error log", o->error_logfile, error);
		return EXIT_CANNOT_SERVE;
	}
	log_set_level((enum ltd_log_level)o->log_level);
	return logs_open_access(h);
}

void logs_switch(const struct heritage *h)
{
	int error = log_open(h->options->error_logfile, h->conf->supervisor.journal_stream);

	if (error < 0)
		complain("error log", h->options->error_logfile, error);
	log_set_level((enum ltd_log_level)h->options->log_level);
}

void logs_close(struct heritage *h)
{
	sink_close(&h->access_sink);
	if (h->access.format)
		access_close(&h->access);
}

static int reopen_errors(const struct heritage *h, bool is_to_complain)
{
	int error = log_reopen();

	if (error < 0 && is_to_complain)
		complain("error log", h->options->error_logfile, error);
	return error;
}

static int reopen_access(const struct heritage *h, bool is_to_complain)
{
	int error = sink_reopen(&h->access_sink);

	if (error < 0 && is_to_complain)
		complain("access log", h->options->access_logfile, error);
	return error;
}

void logs_reopen(const struct heritage *h)
{
	reopen_errors(h, true);
	reopen_access(h, true);
}

void logs_follow(const struct heritage *h)
{
	static unsigned failures;
	bool is_to_complain = failures + 1 == LOOKS_BEFORE_COMPLAINT;
	int error = 0;

	if (log_is_moved())
		error = reopen_errors(h, is_to_complain);
	if (sink_is_moved(&h->access_sink))
		error |= reopen_access(h, is_to_complain);
	if (!error)
		failures = 0;
	else if (failures < LOOKS_BEFORE_COMPLAINT)
		failures++;
}
