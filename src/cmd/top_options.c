/* What `littled top` is asked.  Runs in: its own process. */
#include "cmd/top_options.h"

#include <errno.h>
#include <string.h>

#include "cmd/flags.h"

static const char usage[] =
	"Usage: littled top [OPTIONS]\n"
	"Shows what a running server does, in a terminal.\n"
	"\n"
	"Which server (the only one that runs, unless given):\n"
	"  --pid PID        the one with this master\n"
	"  --board FILE     its board: a file, or /proc/PID/fd/N\n"
	"  --url URL        its statistics listener: http://HOST:PORT or unix:SOCKET\n"
	"What to show:\n"
	"  --view VIEW      routes (default), slots or workers\n"
	"  --sort COLUMN    by a column's name (below); most first\n"
	"  --window N       the last 1, 10 (default) or 60 seconds\n"
	"  --interval MS    between two looks, from 100 (default 1000)\n"
	"  --once           print it once, as text, and leave\n"
	"  --json           print the statistics document once, and leave\n"
	"Keys: r routes, s slots, w workers, o sort by the next column, 1 2 3 the window, p pause, "
	"arrows,\n? what the words mean, q.\n";

void top_put_usage(struct buf *out)
{
	buf_puts(out, usage);
	buf_puts(out, "Columns to sort by:\n");
	for (enum top_table table = 0; table < TOP_TABLE_COUNT; table++) {
		buf_printf(out, "  %-8s ", top_table_names[table]);
		top_put_columns(table, out);
		buf_puts(out, "\n");
	}
}

static bool set_pid(void *options, const char *value)
{
	struct top_options *o = options;

	return flag_pid(value, &o->instance.pid);
}

static bool set_board(void *options, const char *value)
{
	struct top_options *o = options;

	o->instance.board = value;
	return true;
}

static bool set_url(void *options, const char *value)
{
	struct top_options *o = options;

	o->url = value;
	return true;
}

static bool set_view(void *options, const char *value)
{
	struct top_options *o = options;

	for (unsigned i = 0; i < TOP_TABLE_COUNT; i++)
		if (strcmp(value, top_table_names[i]) == 0) {
			o->choice.table = i;
			return true;
		}
	return false;
}

static bool set_sort(void *options, const char *value)
{
	struct top_options *o = options;

	o->choice.sort = value;
	return true;
}

static bool set_window(void *options, const char *value)
{
	struct top_options *o = options;

	return flag_window(value, &o->window_s);
}

static bool set_interval(void *options, const char *value)
{
	struct top_options *o = options;

	return slice_to_u64(slice_of_string(value), &o->interval_ms) && o->interval_ms >= 100 &&
	       o->interval_ms <= 3600000;
}

static bool set_once(void *options, const char *value)
{
	struct top_options *o = options;

	(void)value;
	return o->once = true;
}

static bool set_json(void *options, const char *value)
{
	struct top_options *o = options;

	(void)value;
	return o->json = true;
}

static bool set_help(void *options, const char *value)
{
	struct top_options *o = options;

	(void)value;
	return o->help = true;
}

static const struct flag flags[] = {
	{ "pid", true, set_pid },           { "board", true, set_board },
	{ "url", true, set_url },           { "view", true, set_view },
	{ "sort", true, set_sort },         { "window", true, set_window },
	{ "interval", true, set_interval }, { "once", false, set_once },
	{ "json", false, set_json },        { "help", false, set_help },
};

static int check(const struct top_options *o, struct buf *why)
{
	if ((o->instance.pid != 0) + (o->instance.board != NULL) + (o->url != NULL) > 1) {
		buf_puts(why, "only one of --pid, --board and --url may be given");
		return -EINVAL;
	}
	if (o->choice.sort && !top_can_sort(o->choice.table, o->choice.sort)) {
		buf_printf(why, "--sort %s: the %s have no such column, but ", o->choice.sort,
			   top_table_names[o->choice.table]);
		top_put_columns(o->choice.table, why);
		return -EINVAL;
	}
	return 0;
}

int top_options_parse(struct top_options *o, int argc, char **argv, struct buf *why)
{
	*o = (struct top_options){ .window_s = 10, .interval_ms = 1000 };
	int error = flags_parse(flags, sizeof flags / sizeof *flags, o, argc, argv, why);
	if (error)
		return error;
	return check(o, why);
}
