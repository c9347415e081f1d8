/* Reading flags.  Runs in: a command's process. */
#include "cmd/flags.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "conf/nearest.h"

/* "--windw=1" */
static void put_nearest(const struct option *longs, const char *typed, struct buf *why)
{
	char name[64];
	struct nearest near;

	snprintf(name, sizeof name, "%.*s", (int)strcspn(typed + 2, "="), typed + 2);
	nearest_init(&near, name);
	for (; longs->name; longs++)
		nearest_try(&near, longs->name);
	if (near.best)
		buf_printf(why, "; did you mean --%s?", near.best);
}

/* Of several in one argument, which is not done with yet: `typed` is the one before it. */
static bool is_unknown_letter(const struct option *longs, int answer)
{
	for (; longs->name; longs++)
		if (longs->val == optopt)
			return false; /* known, as a long one that takes no value */
	return answer == '?' && optopt;
}

int flags_refuse(const struct option *longs, const char *typed, int answer, struct buf *why)
{
	const char letter[] = { '-', (char)optopt, '\0' };

	if (is_unknown_letter(longs, answer))
		typed = letter;
	buf_printf(why, "%s: %s", typed,
		   answer == ':' ? "a value is wanted" : "there is no such option");
	if (answer != ':' && strncmp(typed, "--", 2) == 0)
		put_nearest(longs, typed, why);
	return -EINVAL;
}

/* -h is --help, where there is one. */
static bool find_help(const struct flag *flags, unsigned count, void *options)
{
	for (unsigned i = 0; i < count; i++)
		if (strcmp(flags[i].name, "help") == 0)
			return flags[i].set(options, NULL);
	return false;
}

int flags_parse(const struct flag *flags, unsigned count, void *options, int argc, char **argv,
		struct buf *why)
{
	struct option table[FLAGS_MAX + 1] = { { NULL, 0, NULL, 0 } };
	int index;

	for (unsigned i = 0; i < count && i < FLAGS_MAX; i++)
		table[i] = (struct option){
			.name = flags[i].name,
			.has_arg = flags[i].takes_value ? required_argument : no_argument,
		};
	opterr = 0;
	optind = 0;
	for (int c; (c = getopt_long(argc, argv, ":h", table, &index)) != -1;) {
		if (c == 'h' && find_help(flags, count, options))
			continue;
		if (c != 0)
			return flags_refuse(table, argv[optind - 1], c, why);
		if (!flags[index].set(options, optarg)) {
			buf_printf(why, "--%s %s: no such value (--help tells what may be)",
				   flags[index].name, optarg);
			return -EINVAL;
		}
	}
	if (optind == argc)
		return 0;
	buf_printf(why, "%s: there is nothing to do with this", argv[optind]);
	return -EINVAL;
}

bool flag_count(const char *value, uint64_t low, uint64_t high, uint64_t *n)
{
	return slice_to_u64(slice_of_string(value), n) && *n >= low && *n <= high;
}

bool flag_window(const char *value, unsigned *window_s)
{
	uint64_t n;

	if (!flag_count(value, 1, 60, &n) || (n != 1 && n != 10 && n != 60))
		return false;
	*window_s = (unsigned)n;
	return true;
}

bool flag_pid(const char *value, pid_t *pid)
{
	uint64_t n;

	if (!flag_count(value, 1, INT32_MAX, &n))
		return false;
	*pid = (pid_t)n;
	return true;
}
