/* The lab's command line.  Runs in: the lab's process, before anything is started. */
#include "cmd/lab_options.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "cmd/flags.h"

#define SCALE_MIN .05
#define SCALE_MAX 10

const char lab_usage[] =
	"Usage: littled lab [OPTIONS] [N... | all]\n"
	"Shows claims about concurrency: predicted, measured, and whether the two agree.\n"
	"  N               the experiment of that number (12 or E12); default: all\n"
	"  --list          tell what there is\n"
	"  --scale F       multiply durations by F, 0.05 to 10 (default 1)\n"
	"  --json          instead of text\n"
	"  --html FILE     write a page as well\n"
	"Exit status: 0 none failed, 1 one did or could not be run, 2 wrong usage.\n";

static const struct option longs[] = {
	{ "scale", required_argument, NULL, 's' }, { "json", no_argument, NULL, 'j' },
	{ "html", required_argument, NULL, 'H' },  { "list", no_argument, NULL, 'l' },
	{ "help", no_argument, NULL, 'h' },        { NULL, 0, NULL, 0 },
};

static int refuse(struct buf *why, const char *what, const char *wrong)
{
	buf_printf(why, "%s: %s", what, wrong);
	return -EINVAL;
}

static int set_scale(struct lab_options *o, const char *text, struct buf *why)
{
	if (slice_to_double(slice_of_string(text), &o->scale) && o->scale >= SCALE_MIN &&
	    o->scale <= SCALE_MAX)
		return 0;
	return refuse(why, text, "--scale wants a number from 0.05 to 10");
}

static int apply(struct lab_options *o, int option, char **argv, struct buf *why)
{
	switch (option) {
	case 's':
		return set_scale(o, optarg, why);
	case 'j':
		o->json = true;
		return 0;
	case 'H':
		o->html = optarg;
		return 0;
	case 'l':
		o->list = true;
		return 0;
	case 'h':
		o->help = true;
		return 0;
	default:
		return flags_refuse(longs, argv[optind - 1], option, why);
	}
}

static void choose_all(struct lab_options *o)
{
	for (o->count = 0; o->count < lab_experiments_count; o->count++)
		o->chosen[o->count] = &lab_experiments[o->count];
}

static int choose(struct lab_options *o, const char *text, struct buf *why)
{
	const char *digits = *text == 'E' || *text == 'e' ? text + 1 : text;
	const struct lab_experiment *e = NULL;
	uint64_t number;

	if (slice_to_u64(slice_of_string(digits), &number) && number <= UINT32_MAX)
		e = lab_find((unsigned)number);
	if (!e)
		return refuse(why, text, "no such experiment; --list tells which there are");
	for (unsigned i = 0; i < o->count; i++)
		if (o->chosen[i] == e)
			return 0;
	o->chosen[o->count++] = e;
	return 0;
}

int lab_options_parse(struct lab_options *o, int argc, char **argv, struct buf *why)
{
	int error = 0, option;

	memset(o, 0, sizeof *o);
	o->scale = 1;
	optind = 0; /* begins anew, however often it is called */
	opterr = 0;
	while (!error && (option = getopt_long(argc, argv, ":h", longs, NULL)) != -1)
		error = apply(o, option, argv, why);
	for (int i = optind; !error && i < argc; i++) {
		if (strcmp(argv[i], "all") == 0)
			choose_all(o);
		else
			error = choose(o, argv[i], why);
	}
	if (!error && o->count == 0)
		choose_all(o);
	if (!error && o->list && (o->json || o->html))
		error = refuse(why, "--list",
			       "is text: --json and --html are for what was measured");
	return error;
}
