/* What `littled advise` is asked.  Runs in: its own process. */
#include "cmd/advise_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/flags.h"

/* What lies beyond is a slip of the pen, and its forecast a number of hundreds of digits. */
#define TARGET_MAX_S 1e6
#define RATE_MIN 1e-6
#define RATE_MAX 1e7
#define FACTOR_MIN 1e-6
#define FACTOR_MAX 1e6

const char advise_usage[] =
	"Usage: littled advise [OPTIONS]\n"
	"Says what limits a running server, and how many slots its load needs.\n"
	"\n"
	"Which server (the only one that runs, unless given):\n"
	"  --pid PID        the one with this master\n"
	"  --board FILE     its board: a file, or /proc/PID/fd/N\n"
	"  --url URL        its statistics listener: http://HOST:PORT or unix:SOCKET\n"
	"  --file FILE      what --save wrote, or /evidence.json of a statistics listener\n"
	"What to ask:\n"
	"  --window N       the last 1, 10 or 60 seconds (default 60)\n"
	"  --target T       99 % of the requests wait for no longer than this (default 50ms)\n"
	"  --rate R         what if R requests a second came\n"
	"  --slots N        what if there were N slots\n"
	"  --service xF     what if each took F times as long (x1.5)\n"
	"  --arrivals N     of each simulation (default 2000000)\n"
	"  --seed N         of the simulations (default 1)\n"
	"What to print:\n"
	"  --json           instead of text\n"
	"  --save FILE      also writes the evidence, to be read again with --file\n"
	"The exit status is 3 when too few requests were seen to advise from.\n";

static bool to_number(const char *value, double low, double high, double *n)
{
	return slice_to_double(slice_of_string(value), n) && *n >= low && *n <= high;
}

static bool set_pid(void *options, const char *value)
{
	struct advise_options *o = options;

	return flag_pid(value, &o->instance.pid);
}

static bool set_board(void *options, const char *value)
{
	struct advise_options *o = options;

	o->instance.board = value;
	return true;
}

static bool set_url(void *options, const char *value)
{
	struct advise_options *o = options;

	o->url = value;
	return true;
}

static bool set_file(void *options, const char *value)
{
	struct advise_options *o = options;

	o->file = value;
	return true;
}

static bool set_save(void *options, const char *value)
{
	struct advise_options *o = options;

	o->save = value;
	return true;
}

static bool set_window(void *options, const char *value)
{
	struct advise_options *o = options;

	return flag_window(value, &o->window_s);
}

static bool set_target(void *options, const char *value)
{
	struct advise_options *o = options;
	static const struct {
		const char *unit;
		double seconds;
	} units[] = { { "us", 1e-6 }, { "ms", 1e-3 }, { "s", 1 }, { "", 1 } };
	size_t number = strspn(value, "0123456789.");
	double n;

	if (!slice_to_double(slice_of(value, number), &n) || !(n > 0))
		return false;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (strcmp(value + number, units[i].unit) == 0) {
			o->question.target_wait_s = n * units[i].seconds;
			return o->question.target_wait_s <= TARGET_MAX_S;
		}
	return false;
}

static bool set_rate(void *options, const char *value)
{
	struct advise_options *o = options;

	return to_number(value, RATE_MIN, RATE_MAX, &o->question.what_if[0].rate);
}

static bool set_slots(void *options, const char *value)
{
	struct advise_options *o = options;
	uint64_t n;

	if (!flag_count(value, 1, 1048576, &n))
		return false;
	o->question.what_if[0].slots = (unsigned)n;
	return true;
}

static bool set_service(void *options, const char *value)
{
	struct advise_options *o = options;

	return *value == 'x' &&
	       to_number(value + 1, FACTOR_MIN, FACTOR_MAX, &o->question.what_if[0].service_factor);
}

static bool set_arrivals(void *options, const char *value)
{
	struct advise_options *o = options;

	return flag_count(value, 1000, 100000000, &o->question.arrivals);
}

static bool set_seed(void *options, const char *value)
{
	struct advise_options *o = options;

	return flag_count(value, 0, UINT64_MAX, &o->question.seed);
}

static bool set_json(void *options, const char *value)
{
	struct advise_options *o = options;

	(void)value;
	o->json = true;
	return true;
}

static bool set_help(void *options, const char *value)
{
	struct advise_options *o = options;

	(void)value;
	o->help = true;
	return true;
}

static const struct flag flags[] = {
	{ "pid", true, set_pid },         { "board", true, set_board },
	{ "url", true, set_url },         { "file", true, set_file },
	{ "window", true, set_window },   { "target", true, set_target },
	{ "rate", true, set_rate },       { "slots", true, set_slots },
	{ "service", true, set_service }, { "arrivals", true, set_arrivals },
	{ "seed", true, set_seed },       { "json", false, set_json },
	{ "save", true, set_save },       { "help", false, set_help },
};

static int check(const struct advise_options *o, struct buf *why)
{
	const int sources = (o->instance.pid != 0) + (o->instance.board != NULL) +
			    (o->url != NULL) + (o->file != NULL);

	if (sources > 1) {
		buf_puts(why, "only one of --pid, --board, --url and --file may be given");
		return -EINVAL;
	}
	if (o->file && o->window_s) {
		buf_puts(why, "--window: a file (--file) has the window it was saved with");
		return -EINVAL;
	}
	return 0;
}

int advise_options_parse(struct advise_options *o, int argc, char **argv, struct buf *why)
{
	*o = (struct advise_options){
		.question = { .target_wait_s = .05, .arrivals = 2000000, .seed = 1 },
	};
	int error = flags_parse(flags, sizeof flags / sizeof *flags, o, argc, argv, why);
	if (error)
		return error;
	const struct what_if *w = &o->question.what_if[0];
	o->question.what_if_count = w->rate > 0 || w->slots || w->service_factor > 0;
	error = check(o, why);
	if (!o->window_s)
		o->window_s = SNAPSHOT_WINDOW_MAX_S;
	return error;
}
