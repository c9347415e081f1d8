/* The CPU time a control group allows.  Runs in: master. */
#include "base/cgroup.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES (2 * PATH_MAX)

enum version { VERSION_1, VERSION_2 };

/* One hierarchy: where it is mounted, which group stands there, and which one we are in. */
struct hierarchy {
	enum version version;
	char mount[PATH_MAX], top[PATH_MAX], group[PATH_MAX];
};

static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; *at; at += strcspn(at, ","), at += *at == ',')
		if (strcspn(at, ",\n") == len && strncmp(at, word, len) == 0)
			return true;
	return false;
}

static FILE *open_below(const char *root, const char *path)
{
	char whole[3 * PATH_MAX];

	snprintf(whole, sizeof whole, "%s%s", root, path);
	return fopen(whole, "re");
}

/* "36 35 0:30 /TOP /MOUNT rw,... master:1 - cgroup cgroup rw,cpu,cpuacct" (proc(5)) */
static bool parse_mount(const char *line, struct hierarchy *h)
{
	char type[32], options[1024];
	const char *behind = strstr(line, " - ");

	if (!behind || sscanf(line, "%*s %*s %*s %4095s %4095s", h->top, h->mount) != 2 ||
	    sscanf(behind, " - %31s %*s %1023s", type, options) != 2)
		return false;
	h->version = strcmp(type, "cgroup2") == 0 ? VERSION_2 : VERSION_1;
	return h->version == VERSION_2 || (strcmp(type, "cgroup") == 0 && has_word(options, "cpu"));
}

/* "4:cpu,cpuacct:/GROUP", or "0::/GROUP" of version 2 (cgroups(7)) */
static bool parse_group(char *line, struct hierarchy *h)
{
	char *controllers = strchr(line, ':');
	char *group = controllers ? strchr(controllers + 1, ':') : NULL;

	if (!group)
		return false;
	*group++ = '\0';
	controllers++;
	if (h->version == VERSION_2 ? *controllers != '\0' : !has_word(controllers, "cpu"))
		return false;
	snprintf(h->group, sizeof h->group, "%.*s", (int)strcspn(group, "\n"), group);
	return true;
}

static bool find_group(const char *root, struct hierarchy *h)
{
	char line[LINE_BYTES];
	bool found = false;
	FILE *f = open_below(root, "/proc/self/cgroup");

	while (f && !found && fgets(line, sizeof line, f))
		found = parse_group(line, h);
	if (f)
		fclose(f);
	return found;
}

static double read_number(const char *root, const char *path)
{
	double n = 0;
	FILE *f = open_below(root, path);

	if (!f)
		return 0;
	if (fscanf(f, "%lf", &n) != 1 || n < 0)
		n = 0;
	fclose(f);
	return n;
}

static double limit_v1(const char *root, const char *group)
{
	char path[2 * PATH_MAX + 32];

	snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", group);
	double quota = read_number(root, path); /* -1: none */
	snprintf(path, sizeof path, "%s/cpu.cfs_period_us", group);
	double period = read_number(root, path);
	return period > 0 ? quota / period : 0;
}

static double limit_v2(const char *root, const char *group)
{
	char path[2 * PATH_MAX + 32];
	double quota, period;

	snprintf(path, sizeof path, "%s/cpu.max", group);
	FILE *f = open_below(root, path);
	if (!f)
		return 0;
	bool is_limited = fscanf(f, "%lf %lf", &quota, &period) == 2; /* else "max 100000" */
	fclose(f);
	return is_limited && quota > 0 && period > 0 ? quota / period : 0;
}

static double lesser(double a, double b)
{
	if (a <= 0 || b <= 0)
		return a > b ? a : b;
	return a < b ? a : b;
}

/* From our group up to the top: each may be tighter than what is below it. */
static double least_limit(const char *root, const struct hierarchy *h)
{
	size_t top = strcmp(h->top, "/") == 0 ? 0 : strlen(h->top), end = strlen(h->mount);
	char group[2 * PATH_MAX];
	double least = 0;

	/* Seen from another namespace the group may not be below what is mounted. */
	bool is_below = strncmp(h->group, h->top, top) == 0 && !strstr(h->group, "/..") &&
			(h->group[top] == '/' || h->group[top] == '\0');
	snprintf(group, sizeof group, "%s%s", h->mount, is_below ? h->group + top : "");
	for (;;) {
		double limit =
			h->version == VERSION_2 ? limit_v2(root, group) : limit_v1(root, group);
		char *slash = strrchr(group, '/');

		least = lesser(least, limit);
		if (!slash || (size_t)(slash - group) < end)
			return least;
		*slash = '\0';
	}
}

double cgroup_cpu_quota(const char *root)
{
	char line[LINE_BYTES];
	double least = 0;
	FILE *f = open_below(root, "/proc/self/mountinfo");

	while (f && fgets(line, sizeof line, f)) {
		struct hierarchy h;

		if (parse_mount(line, &h) && find_group(root, &h))
			least = lesser(least, least_limit(root, &h));
	}
	if (f)
		fclose(f);
	return least;
}
