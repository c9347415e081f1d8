/* What of the file system a process may still reach.  Runs in: worker, before its threads. */
#include "proc/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/landlock.h of kernels that are newer than the headers; the numbers are the interface. */
#define RIGHT_REFER (1ull << 13)     /* version 2 */
#define RIGHT_TRUNCATE (1ull << 14)  /* version 3 */
#define RIGHT_IOCTL_DEV (1ull << 15) /* version 5 */
#define RIGHT_BIND_TCP (1ull << 0)   /* version 4 */
#define SCOPE_SIGNAL (1ull << 1)     /* version 6 */

#define RIGHTS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define RIGHTS_WRITE \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR | \
	 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | \
	 LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM)
#define RIGHTS_NEVER \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK)

/* Of those, what a rule about a file (not a directory) may say. */
#define RIGHTS_OF_FILES \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | RIGHT_TRUNCATE)

/* struct landlock_ruleset_attr as it has grown; a kernel takes as much of it as it knows. */
struct ruleset {
	uint64_t files; /* version 1 */
	uint64_t net;   /* version 4 */
	uint64_t scope; /* version 6 */
};

static const struct {
	int version;
	uint64_t files, net, scope;
	size_t bytes;
} steps[] = {
	{ 1, RIGHTS_READ | RIGHTS_WRITE | RIGHTS_NEVER, 0, 0, sizeof(uint64_t) },
	{ 2, RIGHT_REFER, 0, 0, sizeof(uint64_t) },
	{ 3, RIGHT_TRUNCATE, 0, 0, sizeof(uint64_t) },
	{ 4, 0, RIGHT_BIND_TCP, 0, 2 * sizeof(uint64_t) },
	{ 5, RIGHT_IOCTL_DEV, 0, 0, 2 * sizeof(uint64_t) },
	{ 6, 0, 0, SCOPE_SIGNAL, 3 * sizeof(uint64_t) },
};

int landlock_version(void)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return version < 0 ? -errno : (int)version;
}

/* What this kernel can forbid: a descriptor of the rules. */
static int open_rules(struct ruleset *r)
{
	int version = landlock_version();
	size_t bytes = 0;

	if (version < 0)
		return version;
	*r = (struct ruleset){ 0 };
	for (unsigned i = 0; i < sizeof steps / sizeof *steps && steps[i].version <= version; i++) {
		r->files |= steps[i].files;
		r->net |= steps[i].net;
		r->scope |= steps[i].scope;
		bytes = steps[i].bytes;
	}
	long fd = syscall(SYS_landlock_create_ruleset, r, bytes, 0);
	return fd < 0 ? -errno : (int)fd;
}

static int allow(int rules, const struct ruleset *r, const char *path, uint64_t rights)
{
	struct landlock_path_beneath_attr beneath = { .allowed_access = rights & r->files };
	struct stat st;

	beneath.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (beneath.parent_fd < 0)
		return -errno;
	if (fstat(beneath.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		beneath.allowed_access &= RIGHTS_OF_FILES;
	int error =
		syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) < 0
			? -errno
			: 0;
	close(beneath.parent_fd);
	return error;
}

static int allow_all(int rules, const struct ruleset *r, const struct landlock_plan *plan,
		     const char **at)
{
	const uint64_t writing = RIGHTS_READ | RIGHTS_WRITE | RIGHT_REFER | RIGHT_TRUNCATE;
	int error = 0;

	for (size_t i = 0; i < plan->read->count && !error; i++) {
		*at = plan->read->at[i];
		error = allow(rules, r, *at, RIGHTS_READ);
	}
	for (size_t i = 0; i < plan->write->count && !error; i++) {
		*at = plan->write->at[i];
		error = allow(rules, r, *at, writing);
	}
	for (unsigned i = 0; i < plan->also_count && !error; i++) {
		*at = plan->also[i];
		error = *at ? allow(rules, r, *at, writing) : 0;
		if (error == -ENOENT)
			error = 0;
	}
	return error;
}

int landlock_enter(const struct landlock_plan *plan, const char **at)
{
	struct ruleset r;
	int rules = open_rules(&r);

	*at = NULL;
	if (rules < 0)
		return rules;
	int error = allow_all(rules, &r, plan, at);
	if (!error) {
		*at = NULL;
		error = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
					syscall(SYS_landlock_restrict_self, rules, 0) < 0
				? -errno
				: 0;
	}
	close(rules);
	return error;
}
