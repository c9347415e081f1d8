/* Who holds an address that is in use.  Runs in: master. */
#include "net/holder.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/procfs.h"

#define TCP_LISTENING 0x0a         /* linux: net/tcp_states.h */
#define UNIX_LISTENING 0x00010000u /* linux: __SO_ACCEPTCON */

struct holder {
	uint64_t inode; /* of the socket; 0: not found */
	long uid;       /* -1: not known */
	pid_t pid;      /* the first that has it open; 0: none that we may see */
};

#define HOST_DIGITS 32 /* of an IPv6 address */

/* As the tables have it: 32-bit words as they lie in memory.  "": a name, or every address. */
static void host_digits(const char *host, char digits[static HOST_DIGITS + 1])
{
	uint32_t word[4];
	unsigned words = inet_pton(AF_INET, host, word) == 1    ? 1
			 : inet_pton(AF_INET6, host, word) == 1 ? 4
								: 0;

	digits[0] = '\0';
	for (unsigned i = 0; i < words; i++)
		snprintf(digits + 8 * (size_t)i, 9, "%08X", word[i]);
}

static bool is_every_address(const char *digits)
{
	return digits[strspn(digits, "0")] == '\0';
}

/* Of one port no two sockets can have these.  IPv4 may stand at the end of IPv6 (RFC 4291 2.5.5.2). */
static bool are_in_conflict(const char *ours, const char *theirs)
{
	size_t n = strlen(ours), m = strlen(theirs);

	return is_every_address(ours) || is_every_address(theirs) ||
	       (n <= m && strcmp(ours, theirs + m - n) == 0);
}

/* "  1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000  0 54321 ..." */
static bool parse_tcp(const char *line, const struct address *a, struct holder *h)
{
	char ours[HOST_DIGITS + 1], theirs[HOST_DIGITS + 1];
	unsigned port, state, uid;

	if (sscanf(line, "%*u: %32[0-9A-F]:%x %*s %x %*s %*s %*s %u %*u %" SCNu64, theirs, &port,
		   &state, &uid, &h->inode) != 5)
		return false;
	h->uid = uid;
	host_digits(a->host, ours);
	return port == a->port && state == TCP_LISTENING && are_in_conflict(ours, theirs);
}

/* "0000000012345678: 00000002 00000000 00010000 0001 01 54321 /run/x.sock" */
static bool parse_unix(const char *line, const char *path, struct holder *h)
{
	char name[ADDRESS_PATH_BYTES];
	unsigned flags;

	if (sscanf(line, "%*s %*s %*s %x %*s %*s %" SCNu64 " %107[^\n]", &flags, &h->inode, name) !=
	    3)
		return false;
	return (flags & UNIX_LISTENING) && strcmp(name, path) == 0;
}

static bool find_in(const char *table, const struct address *a, struct holder *h)
{
	char line[512];
	bool found = false;
	FILE *f = fopen(table, "re");

	while (f && !found && fgets(line, sizeof line, f))
		found = a->is_unix ? parse_unix(line, a->path, h) : parse_tcp(line, a, h);
	if (f)
		fclose(f);
	return found;
}

static bool find_socket(const struct address *a, struct holder *h)
{
	*h = (struct holder){ .uid = -1 };
	if (a->is_unix)
		return find_in("/proc/net/unix", a, h);
	return find_in("/proc/net/tcp", a, h) || find_in("/proc/net/tcp6", a, h);
}

static bool has_open(const char *pid, const char *socket_name)
{
	char path[PATH_MAX], target[64];
	bool found = false;

	snprintf(path, sizeof path, "/proc/%s/fd", pid);
	DIR *fds = opendir(path);
	for (struct dirent *e = fds ? readdir(fds) : NULL; e && !found; e = readdir(fds)) {
		ssize_t n = readlinkat(dirfd(fds), e->d_name, target, sizeof target - 1);

		target[n > 0 ? n : 0] = '\0';
		found = strcmp(target, socket_name) == 0;
	}
	if (fds)
		closedir(fds);
	return found;
}

/* Of a server's processes the lowest number is its master, as a rule. */
static void find_process(struct holder *h)
{
	char socket_name[64];
	DIR *all = opendir("/proc");

	snprintf(socket_name, sizeof socket_name, "socket:[%" PRIu64 "]", h->inode);
	for (struct dirent *e = all ? readdir(all) : NULL; e; e = readdir(all)) {
		pid_t pid = isdigit((unsigned char)e->d_name[0]) ? (pid_t)strtol(e->d_name, NULL, 10)
								 : 0;

		if (pid && (!h->pid || pid < h->pid) && has_open(e->d_name, socket_name))
			h->pid = pid;
	}
	if (all)
		closedir(all);
}

static void name_process(pid_t pid, char name[static 32])
{
	if (procfs_read(pid, "comm", name, 32) == 0)
		snprintf(name, 32, "?");
	name[strcspn(name, "\n")] = '\0';
}

bool holder_is_this_process(const struct address *a)
{
	struct holder h;

	if (!find_socket(a, &h))
		return false;
	find_process(&h);
	return h.pid == getpid();
}

bool holder_describe(const struct address *a, char *text, size_t text_bytes)
{
	struct holder h;
	char name[32], at[16];

	if (!find_socket(a, &h))
		return false;
	find_process(&h);
	if (a->is_unix)
		snprintf(at, sizeof at, "it");
	else
		snprintf(at, sizeof at, "port %u", a->port);
	if (h.pid) {
		name_process(h.pid, name);
		snprintf(text, text_bytes, "process %d (%s) listens on %s", (int)h.pid, name, at);
		return true;
	}
	if (h.uid < 0)
		return false;
	struct passwd *user = getpwuid((uid_t)h.uid);
	if (user)
		snprintf(text, text_bytes, "a process of user %s listens on %s", user->pw_name, at);
	else
		snprintf(text, text_bytes, "a process of user %ld listens on %s", h.uid, at);
	return true;
}
