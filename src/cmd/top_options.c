/* What `littled top` is asked.  Runs in: its own process. */
#include "cmd/top_options.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

const char top_usage[] =
	"Usage: littled top [OPTIONS]\n"
	"Shows what a running server does, in a terminal.\n"
	"\n"
	"Which server (the only one that runs, unless given):\n"
	"  --pid PID        the one with this master\n"
	"  --board FILE     its board: a file, or /proc/PID/fd/N\n"
	"  --url URL        its statistics listener: http://HOST:PORT or unix:SOCKET\n"
	"What to show:\n"
	"  --view VIEW      routes (default), slots or workers\n"
	"  --sort COLUMN    by a column's name; most first\n"
	"  --window N       the last 1, 10 (default) or 60 seconds\n"
	"  --interval MS    between two looks, from 100 (default 1000)\n"
	"  --once           print it once, as text, and leave\n"
	"  --json           print the statistics document once, and leave\n"
	"Keys: r routes, s slots, w workers, o sort by the next column, 1 2 3 the window, p pause, "
	"arrows, q.\n";

typedef bool set_fn(struct top_options *o, const char *value);

static bool set_pid(struct top_options *o, const char *value)
{
	uint64_t n;

	if (!slice_to_u64(slice_of_string(value), &n) || n == 0 || n > INT32_MAX)
		return false;
	o->instance.pid = (pid_t)n;
	return true;
}

static bool set_board(struct top_options *o, const char *value)
{
	o->instance.board = value;
	return true;
}

static bool set_url(struct top_options *o, const char *value)
{
	o->url = value;
	return true;
}

static bool set_view(struct top_options *o, const char *value)
{
	for (unsigned i = 0; i < TOP_TABLE_COUNT; i++)
		if (strcmp(value, top_table_names[i]) == 0) {
			o->choice.table = i;
			return true;
		}
	return false;
}

static bool set_sort(struct top_options *o, const char *value)
{
	o->choice.sort = value;
	return true;
}

static bool set_window(struct top_options *o, const char *value)
{
	uint64_t n;

	if (!slice_to_u64(slice_of_string(value), &n) || (n != 1 && n != 10 && n != 60))
		return false;
	o->window_s = (unsigned)n;
	return true;
}

static bool set_interval(struct top_options *o, const char *value)
{
	return slice_to_u64(slice_of_string(value), &o->interval_ms) && o->interval_ms >= 100 &&
	       o->interval_ms <= 3600000;
}

static bool set_once(struct top_options *o, const char *value)
{
	(void)value;
	return o->once = true;
}

static bool set_json(struct top_options *o, const char *value)
{
	(void)value;
	return o->json = true;
}

static bool set_help(struct top_options *o, const char *value)
{
	(void)value;
	return o->help = true;
}

static const struct {
	struct option option;
	set_fn *set;
} table[] = {
	{ { "pid", required_argument, NULL, 0 }, set_pid },
	{ { "board", required_argument, NULL, 0 }, set_board },
	{ { "url", required_argument, NULL, 0 }, set_url },
	{ { "view", required_argument, NULL, 0 }, set_view },
	{ { "sort", required_argument, NULL, 0 }, set_sort },
	{ { "window", required_argument, NULL, 0 }, set_window },
	{ { "interval", required_argument, NULL, 0 }, set_interval },
	{ { "once", no_argument, NULL, 0 }, set_once },
	{ { "json", no_argument, NULL, 0 }, set_json },
	{ { "help", no_argument, NULL, 0 }, set_help },
};
#define OPTIONS (sizeof table / sizeof *table)

static int check(const struct top_options *o, struct buf *why)
{
	if ((o->instance.pid != 0) + (o->instance.board != NULL) + (o->url != NULL) > 1) {
		buf_puts(why, "only one of --pid, --board and --url may be given");
		return -EINVAL;
	}
	if (o->choice.sort && !top_can_sort(o->choice.table, o->choice.sort)) {
		buf_printf(why, "--sort %s: the %s have no such column", o->choice.sort,
			   top_table_names[o->choice.table]);
		return -EINVAL;
	}
	return 0;
}

int top_options_parse(struct top_options *o, int argc, char **argv, struct buf *why)
{
	struct option options[OPTIONS + 1] = { { NULL, 0, NULL, 0 } };
	int index;

	*o = (struct top_options){ .window_s = 10, .interval_ms = 1000 };
	for (size_t i = 0; i < OPTIONS; i++)
		options[i] = table[i].option;
	opterr = 0;
	optind = 0;
	for (int c; (c = getopt_long(argc, argv, ":", options, &index)) != -1;) {
		if (c != 0) {
			buf_printf(why, "%s: %s", argv[optind - 1],
				   c == ':' ? "a value is wanted" : "there is no such option");
			return -EINVAL;
		}
		if (!table[index].set(o, optarg)) {
			buf_printf(why, "--%s %s: no such value (--help tells what may be)",
				   options[index].name, optarg);
			return -EINVAL;
		}
	}
	if (optind < argc) {
		buf_printf(why, "%s: there is nothing to do with this", argv[optind]);
		return -EINVAL;
	}
	return check(o, why);
}
