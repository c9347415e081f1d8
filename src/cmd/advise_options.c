/* What `littled advise` is asked.  Runs in: its own process. */
#include "cmd/advise_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

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

typedef bool set_fn(struct advise_options *o, const char *value);

static bool to_count(const char *value, uint64_t low, uint64_t high, uint64_t *n)
{
	return slice_to_u64(slice_of_string(value), n) && *n >= low && *n <= high;
}

static bool to_positive(const char *value, double *n)
{
	return slice_to_double(slice_of_string(value), n) && *n > 0;
}

static bool set_pid(struct advise_options *o, const char *value)
{
	uint64_t n;

	if (!to_count(value, 1, INT32_MAX, &n))
		return false;
	o->instance.pid = (pid_t)n;
	return true;
}

static bool set_board(struct advise_options *o, const char *value)
{
	o->instance.board = value;
	return true;
}

static bool set_url(struct advise_options *o, const char *value)
{
	o->url = value;
	return true;
}

static bool set_file(struct advise_options *o, const char *value)
{
	o->file = value;
	return true;
}

static bool set_save(struct advise_options *o, const char *value)
{
	o->save = value;
	return true;
}

static bool set_window(struct advise_options *o, const char *value)
{
	uint64_t n;

	if (!to_count(value, 1, SNAPSHOT_WINDOW_MAX_S, &n))
		return false;
	o->window_s = (unsigned)n;
	return n == 1 || n == 10 || n == 60;
}

static bool set_target(struct advise_options *o, const char *value)
{
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
			return true;
		}
	return false;
}

static bool set_rate(struct advise_options *o, const char *value)
{
	return to_positive(value, &o->question.what_if[0].rate);
}

static bool set_slots(struct advise_options *o, const char *value)
{
	uint64_t n;

	if (!to_count(value, 1, 1048576, &n))
		return false;
	o->question.what_if[0].slots = (unsigned)n;
	return true;
}

static bool set_service(struct advise_options *o, const char *value)
{
	return *value == 'x' && to_positive(value + 1, &o->question.what_if[0].service_factor);
}

static bool set_arrivals(struct advise_options *o, const char *value)
{
	return to_count(value, 1000, 100000000, &o->question.arrivals);
}

static bool set_seed(struct advise_options *o, const char *value)
{
	return to_count(value, 0, UINT64_MAX, &o->question.seed);
}

static bool set_json(struct advise_options *o, const char *value)
{
	(void)value;
	o->json = true;
	return true;
}

static bool set_help(struct advise_options *o, const char *value)
{
	(void)value;
	o->help = true;
	return true;
}

static const struct {
	struct option option;
	set_fn *set;
} table[] = {
	{ { "pid", required_argument, NULL, 0 }, set_pid },
	{ { "board", required_argument, NULL, 0 }, set_board },
	{ { "url", required_argument, NULL, 0 }, set_url },
	{ { "file", required_argument, NULL, 0 }, set_file },
	{ { "window", required_argument, NULL, 0 }, set_window },
	{ { "target", required_argument, NULL, 0 }, set_target },
	{ { "rate", required_argument, NULL, 0 }, set_rate },
	{ { "slots", required_argument, NULL, 0 }, set_slots },
	{ { "service", required_argument, NULL, 0 }, set_service },
	{ { "arrivals", required_argument, NULL, 0 }, set_arrivals },
	{ { "seed", required_argument, NULL, 0 }, set_seed },
	{ { "json", no_argument, NULL, 0 }, set_json },
	{ { "save", required_argument, NULL, 0 }, set_save },
	{ { "help", no_argument, NULL, 0 }, set_help },
};
#define OPTIONS (sizeof table / sizeof *table)

static int check(const struct advise_options *o, struct buf *why)
{
	const int sources = (o->instance.pid != 0) + (o->instance.board != NULL) +
			    (o->url != NULL) + (o->file != NULL);

	if (sources <= 1)
		return 0;
	buf_puts(why, "only one of --pid, --board, --url and --file may be given");
	return -EINVAL;
}

int advise_options_parse(struct advise_options *o, int argc, char **argv, struct buf *why)
{
	struct option options[OPTIONS + 1] = { { NULL, 0, NULL, 0 } };
	int index;

	*o = (struct advise_options){
		.window_s = SNAPSHOT_WINDOW_MAX_S,
		.question = { .target_wait_s = .05, .arrivals = 2000000, .seed = 1 },
	};
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
	const struct what_if *w = &o->question.what_if[0];
	o->question.what_if_count = w->rate > 0 || w->slots || w->service_factor > 0;
	return check(o, why);
}
