/* Options that may not go together, or are no such by their meaning.  Runs in: master */
#include "conf/together.h"

#include <string.h>

#include "base/sink.h"
#include "conf/address.h"
#include "conf/refuse.h"

static const struct place nowhere = { .origin = ORIGIN_DEFAULT };

static int check_slots(const struct options *o, uint64_t workers)
{
	if (workers * o->threads <= SLOTS_MAX)
		return 0;
	return refuse(&nowhere, "workers = %u with threads = %u: expected at most %d slots",
		      (unsigned)workers, (unsigned)o->threads, SLOTS_MAX);
}

/* Port 0 is another one each time. */
static bool is_same(const char *one, const char *other)
{
	struct address a, b;

	if (!one || !other || !address_parse(slice_of_string(one), &a) ||
	    !address_parse(slice_of_string(other), &b) || a.is_unix != b.is_unix)
		return false;
	if (a.is_unix)
		return strcmp(a.path, b.path) == 0;
	return a.port == b.port && a.port != 0 && strcasecmp(a.host, b.host) == 0;
}

static bool is_path_of(const char *path, const char *bind)
{
	struct address a;

	return path && bind && address_parse(slice_of_string(bind), &a) && a.is_unix &&
	       strcmp(a.path, path) == 0;
}

static int refuse_address(const char *option, const char *value, const char *other)
{
	return refuse(&nowhere, "%s = %s: expected another address, %s has this one", option, value,
		      other);
}

static int check_addresses(const struct options *o)
{
	for (size_t i = 0; i < o->bind.count; i++) {
		const char *bind = o->bind.at[i];

		for (size_t j = 0; j < i; j++)
			if (is_same(bind, o->bind.at[j]))
				return refuse_address("bind", bind, "a bind before it");
		if (is_same(bind, o->admin_bind))
			return refuse_address("admin_bind", o->admin_bind, "bind");
		if (is_path_of(o->control_socket, bind))
			return refuse_address("control_socket", o->control_socket, "bind");
	}
	if (is_path_of(o->control_socket, o->admin_bind))
		return refuse_address("control_socket", o->control_socket, "admin_bind");
	return 0;
}

/* "syslog:" alone names no socket. */
static int check_log(const char *option, const char *where)
{
	if (!where || !*where || *sink_path(where))
		return 0;
	return refuse(&nowhere, "%s = %s: expected syslog, or syslog:PATH", option, where);
}

static int check_logs(const struct options *o)
{
	int error = check_log("error_logfile", o->error_logfile);

	return error ? error : check_log("access_logfile", o->access_logfile);
}

int together_check(const struct options *o, uint64_t workers)
{
	int error = check_slots(o, workers);

	if (!error)
		error = check_logs(o);
	return error ? error : check_addresses(o);
}
