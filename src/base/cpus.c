/* How many CPUs this process may use.  Runs in: master. */
#include "base/cpus.h"

#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cgroup.h"

/* The kernel refuses a set smaller than its own: ask with ever larger ones. */
static unsigned count_affine(unsigned online)
{
	for (size_t cpus = 1024; cpus <= 1u << 20; cpus *= 2) {
		cpu_set_t *set = CPU_ALLOC(cpus);
		size_t bytes = CPU_ALLOC_SIZE(cpus);
		int error = set ? sched_getaffinity(0, bytes, set) : -1;
		int count = error ? 0 : CPU_COUNT_S(bytes, set);

		CPU_FREE(set);
		if (count > 0)
			return (unsigned)count;
	}
	return online;
}

void cpus_read(struct cpus *c)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);

	c->online = online > 0 ? (unsigned)online : 1;
	c->affine = count_affine(c->online);
	c->quota = cgroup_cpu_quota("");
}

unsigned cpus_usable(const struct cpus *c)
{
	unsigned usable = c->affine < c->online ? c->affine : c->online;

	if (c->quota > 0 && c->quota < usable) {
		unsigned whole = (unsigned)c->quota;

		usable = whole < c->quota ? whole + 1 : whole;
	}
	return usable ? usable : 1;
}

void cpus_describe(const struct cpus *c, char *text, size_t text_bytes)
{
	unsigned usable = cpus_usable(c);
	char affine[48] = "", quota[48] = "";

	if (c->affine < c->online)
		snprintf(affine, sizeof affine, "%u by affinity", c->affine);
	if (c->quota > 0)
		snprintf(quota, sizeof quota, "%.3g by cgroup quota", c->quota);
	if (!*affine && !*quota)
		snprintf(text, text_bytes, "%u CPU%s", usable, usable == 1 ? "" : "s");
	else
		snprintf(text, text_bytes, "%u of %u CPUs (%s%s%s)", usable, c->online, affine,
			 *affine && *quota ? ", " : "", quota);
}
