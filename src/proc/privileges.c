/* Who the workers run as.  Runs in: master (resolving), worker (dropping). */
#include "proc/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/slice.h"

/* --- names to numbers --------------------------------------------------------- */

/* (uid_t)-1 means "leave it" to the calls that set one. */
static bool to_number(const char *text, unsigned *number)
{
	uint64_t n;

	if (!slice_to_u64(slice_of_string(text), &n) || n >= UINT32_MAX)
		return false;
	*number = (unsigned)n;
	return true;
}

int privileges_find_user(const char *name, uid_t *uid, char *why, size_t why_bytes)
{
	const struct passwd *known = getpwnam(name);

	if (known) {
		*uid = known->pw_uid;
	} else if (!to_number(name, uid)) {
		snprintf(why, why_bytes, "user = %s: there is no such user", name);
		return -EINVAL;
	}
	return 0;
}

int privileges_find_group(const char *name, gid_t *gid, char *why, size_t why_bytes)
{
	const struct group *known = getgrnam(name);

	if (known) {
		*gid = known->gr_gid;
	} else if (!to_number(name, gid)) {
		snprintf(why, why_bytes, "group = %s: there is no such group", name);
		return -EINVAL;
	}
	return 0;
}

static int resolve_user(const struct options *o, struct identity *id, char *why, size_t why_bytes)
{
	int error = privileges_find_user(o->user, &id->uid, why, why_bytes);
	const struct passwd *known = error ? NULL : getpwuid(id->uid);

	if (error)
		return error;
	if (known) {
		id->gid = known->pw_gid;
	} else if (!o->group || o->initgroups) {
		snprintf(why, why_bytes,
			 "user = %s: a number that is no user's here; group must be given with it, "
			 "and initgroups off",
			 o->user);
		return -EINVAL;
	}
	return 0;
}

int privileges_resolve(const struct options *o, struct identity *id, char *why, size_t why_bytes)
{
	int error = 0;

	*id = (struct identity){ .uid = geteuid(), .gid = getegid() };
	if (o->user)
		error = resolve_user(o, id, why, why_bytes);
	if (!error && o->group)
		error = privileges_find_group(o->group, &id->gid, why, why_bytes);
	if (error)
		return error;
	if (o->initgroups)
		id->user = o->user;
	id->is_other = (o->user || o->group) &&
		       (geteuid() == 0 || id->uid != geteuid() || id->gid != getegid());
	if (id->is_other && geteuid() != 0) {
		snprintf(why, why_bytes,
			 "user and group: only root can run workers as another user");
		return -EPERM;
	}
	return 0;
}

/* --- giving up ---------------------------------------------------------------- */

static int set_groups(const struct identity *id)
{
	if (id->user)
		return initgroups(id->user, id->gid);
	return setgroups(1, &id->gid);
}

static bool is_user_now(uid_t uid)
{
	uid_t real, effective, saved;

	return getresuid(&real, &effective, &saved) == 0 && real == uid && effective == uid &&
	       saved == uid;
}

static bool is_group_now(gid_t gid)
{
	gid_t real, effective, saved;

	return getresgid(&real, &effective, &saved) == 0 && real == gid && effective == gid &&
	       saved == gid;
}

/* The kernel takes them with the user's number, unless somebody told it to keep them. */
static bool has_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct set[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, set) < 0)
		return true;
	return set[0].effective | set[0].permitted | set[1].effective | set[1].permitted;
}

/* By trying, for a check of numbers alone would trust what is to be checked. */
static bool can_return(void)
{
	return setuid(0) == 0 || seteuid(0) == 0 || has_capabilities();
}

int privileges_drop(const struct identity *id)
{
	if (!id->is_other)
		return 0;
	if (set_groups(id) < 0 || setresgid(id->gid, id->gid, id->gid) < 0 ||
	    setresuid(id->uid, id->uid, id->uid) < 0)
		return -errno;
	if (!is_user_now(id->uid) || !is_group_now(id->gid))
		return -EPERM;
	return id->uid != 0 && can_return() ? -EPERM : 0;
}

int privileges_seal(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}
