/* What a worker gives up beside its privileges.  Runs in: master, worker before its threads. */
#include "proc/hardening.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "base/reason.h"
#include "proc/landlock.h"
#include "proc/seccomp.h"

/* --- core dumps ------------------------------------------------------------------- */

/* As the words of the option, in its order. */
enum dumps { DUMPS_INHERIT, DUMPS_OFF, DUMPS_ON };

/* The kernel forbids them to whoever has changed his user: again in each worker. */
static void set_dumpable(const struct options *o)
{
	if (o->core_dumps != DUMPS_INHERIT)
		prctl(PR_SET_DUMPABLE, o->core_dumps == DUMPS_ON, 0, 0, 0);
}

/* What `inherit` goes back to, after a reload has changed it. */
static struct {
	bool is_known;
	rlim_t most;
	int dumpable;
} at_start;

static void remember_dumps(const struct rlimit *limit)
{
	if (at_start.is_known)
		return;
	at_start.is_known = true;
	at_start.most = limit->rlim_cur;
	at_start.dumpable = prctl(PR_GET_DUMPABLE);
}

void hardening_restore_dumps(void)
{
	struct rlimit limit;

	if (!at_start.is_known || getrlimit(RLIMIT_CORE, &limit) < 0)
		return;
	limit.rlim_cur = at_start.most;
	setrlimit(RLIMIT_CORE, &limit);
	prctl(PR_SET_DUMPABLE, at_start.dumpable, 0, 0, 0);
}

void hardening_set_dumps(const struct options *o)
{
	struct rlimit limit;

	if (o->core_dumps == DUMPS_INHERIT) {
		hardening_restore_dumps();
		return;
	}
	if (getrlimit(RLIMIT_CORE, &limit) < 0)
		return;
	remember_dumps(&limit);
	limit.rlim_cur = o->core_dumps == DUMPS_ON ? limit.rlim_max : 0;
	if (setrlimit(RLIMIT_CORE, &limit) < 0)
		log_warning("core_dumps: %s", strerror(errno));
	else if (o->core_dumps == DUMPS_ON && limit.rlim_max == 0)
		log_warning(
			"core_dumps = on: the hard limit is 0: raise it (LimitCORE= in the unit, "
			"ulimit -c)");
	set_dumpable(o);
}

/* --- files ------------------------------------------------------------------------ */

static int check_paths(const char *option, const struct strings *paths, char *why, size_t why_bytes)
{
	char reason[REASON_BYTES];

	for (size_t i = 0; i < paths->count; i++) {
		if (access(paths->at[i], F_OK) == 0)
			continue;
		int error = -errno;

		snprintf(why, why_bytes, "%s = %s: %s", option, paths->at[i],
			 reason_of_path(paths->at[i], error, reason, sizeof reason));
		return error;
	}
	return 0;
}

/* Where a log is opened again after a rotation; NULL: nowhere. */
static const char *directory_of(const struct sink *s, char path[PATH_MAX])
{
	if (!s->path || strlen(s->path) >= PATH_MAX)
		return NULL;
	memcpy(path, s->path, strlen(s->path) + 1);
	return dirname(path);
}

static int enter_landlock(const struct heritage *h)
{
	const struct options *o = h->options;
	char access_path[PATH_MAX], error_path[PATH_MAX], why[REASON_BYTES];
	const char *at, *const also[] = {
		o->body_temp_dir,
		"/dev/null",
		directory_of(&h->access_sink, access_path),
		directory_of(log_sink(), error_path),
	};
	const struct landlock_plan plan = {
		.read = &o->landlock_read,
		.write = &o->landlock_write,
		.also = also,
		.also_count = sizeof also / sizeof *also,
	};
	int error = landlock_enter(&plan, &at);

	if (error < 0)
		log_error("landlock: %s%s%s", at ? at : "", at ? ": " : "",
			  at ? reason_of_path(at, error, why, sizeof why) : strerror(-error));
	return error;
}

/* --- all of it --------------------------------------------------------------------- */

int hardening_check(const struct options *o, char *why, size_t why_bytes)
{
	const char *unknown = seccomp_find_unknown(&o->seccomp_allow);

	if (unknown) {
		snprintf(why, why_bytes, "seccomp_allow = %s: there is no such system call",
			 unknown);
		return -EINVAL;
	}
	if ((o->seccomp != SECCOMP_OFF || o->landlock) && o->new_privileges) {
		snprintf(why, why_bytes,
			 "new_privileges = true: neither seccomp nor landlock can be had with it");
		return -EINVAL;
	}
	if (!o->landlock)
		return 0;
	if (landlock_version() < 0) {
		snprintf(why, why_bytes,
			 "landlock = true: this kernel has none (CONFIG_SECURITY_LANDLOCK, and "
			 "lsm= on "
			 "its command line)");
		return -ENOSYS;
	}
	int error = check_paths("landlock_read", &o->landlock_read, why, why_bytes);
	return error ? error : check_paths("landlock_write", &o->landlock_write, why, why_bytes);
}

int hardening_enter(const struct heritage *h)
{
	const struct options *o = h->options;
	int error = o->landlock ? enter_landlock(h) : 0;

	set_dumpable(o);
	if (error || o->seccomp == SECCOMP_OFF)
		return error;
	error = seccomp_enter((enum seccomp_answer)o->seccomp, &o->seccomp_allow);
	if (error < 0)
		log_error("seccomp: %s", strerror(-error));
	return error;
}
