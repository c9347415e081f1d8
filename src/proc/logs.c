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

	const char *path = sink_path(where);

	reason_of_path(path, error, why, sizeof why);
	if (path == where)
		log_error("%s: %s: %s", what, where, why);
	else
		log_error("%s: %s: %s: %s; does a daemon of the system's log run?", what, where,
			  path, why);
}

static int open_format(struct access *a, const struct options *o)
{
	char why[REASON_BYTES];
	int error = access_open(a, o->access_logformat, why, sizeof why);

	if (error < 0)
		log_error("access_logformat: %s", why);
	return error;
}

int logs_check_format(const struct options *o)
{
	struct access a;
	int error = open_format(&a, o);

	if (!error)
		access_close(&a);
	return error;
}

/* Files made from now on are those of this edition's workers, who will have to open them again. */
static void set_owner(const struct heritage *h)
{
	const struct identity *id = &h->identity;

	logfile_set_owner(id->is_other ? id->uid : LOGFILE_OURS, id->gid);
}

int logs_open_access(struct heritage *h)
{
	const struct options *o = h->options;

	set_owner(h);
	if (!o->access_logfile)
		return 0;
	if (open_format(&h->access, o) < 0)
		return EXIT_BAD_CONFIGURATION;
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
	set_owner(h);
	sink_set_syslog((unsigned)o->syslog_facility, o->name);
	int error = log_open(o->error_logfile, h->conf->supervisor.journal_stream);
	if (error < 0) {
		complain("error log", o->error_logfile, error);
		return EXIT_CANNOT_SERVE;
	}
	log_set_level((enum ltd_log_level)o->log_level);
	return logs_open_access(h);
}

int logs_switch(const struct heritage *h)
{
	const struct options *o = h->options;

	set_owner(h);
	sink_set_syslog((unsigned)o->syslog_facility, o->name);
	int error = log_open(o->error_logfile, h->conf->supervisor.journal_stream);
	if (error < 0)
		complain("error log", o->error_logfile, error);
	log_set_level((enum ltd_log_level)o->log_level);
	return error;
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
	set_owner(h);
	reopen_errors(h, true);
	reopen_access(h, true);
}

void logs_follow(const struct heritage *h)
{
	static unsigned failures;
	bool is_to_complain = failures + 1 == LOOKS_BEFORE_COMPLAINT;
	int error = 0;

	set_owner(h);
	if (log_is_moved())
		error = reopen_errors(h, is_to_complain);
	if (sink_is_moved(&h->access_sink))
		error |= reopen_access(h, is_to_complain);
	if (!error)
		failures = 0;
	else if (failures < LOOKS_BEFORE_COMPLAINT)
		failures++;
}
