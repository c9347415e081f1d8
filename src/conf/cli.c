/*
 * The command line is walked twice: first for the flags that decide what to do at all (and for
 * mistakes in flags), then, after the other sources, for the settings.
 *
 * Runs in: master
 */
#include "conf/cli.h"

#include <getopt.h>
#include <stdio.h>

#include "conf/foreign.h"
#include "conf/refuse.h"

const struct action_row action_rows[ACTIONS] = {
#define ACTION(id, ...) [ACTION_##id] = { __VA_ARGS__ },
#include "conf/options.def"
};

/* getopt's codes.  Letters are mapped to them, so that each flag has one code. */
enum code {
	CODE_ARGUMENT = 1,               /* of getopt itself: what is no flag */
	CODE_ON = 256,                   /* + enum option_id: the flag, with or without a value */
	CODE_OFF = CODE_ON + OPTIONS,    /* + enum option_id: --no-flag of a switch */
	CODE_ACTION = CODE_OFF + OPTIONS /* + enum action */
};

#define FLAG_BYTES 48

/* Every flag, in getopt's form. */
struct flags {
	enum origin origin;                             /* whose they are */
	struct option longs[3 * OPTIONS + ACTIONS + 1]; /* flag, its other spelling or --no-flag */
	char other[OPTIONS][FLAG_BYTES];
	char letters[2 + 2 * (OPTIONS + ACTIONS) + 1];
	size_t count, letter_count;
};

/* What a walk meets: a setting (value not NULL), an action, or what is no flag. */
typedef int (*visit_fn)(void *arg, enum code code, const char *value);

static void add_long(struct flags *f, const char *flag, bool has_argument, int code)
{
	f->longs[f->count++] = (struct option){
		.name = flag,
		.has_arg = has_argument ? required_argument : no_argument,
		.val = code,
	};
}

static void add_letter(struct flags *f, char letter, bool has_argument)
{
	if (!letter)
		return;
	f->letters[f->letter_count++] = letter;
	if (has_argument)
		f->letters[f->letter_count++] = ':';
}

static void dashes_only(const char *flag, char other[FLAG_BYTES])
{
	snprintf(other, FLAG_BYTES, "%s", flag);
	for (char *c = other; *c; c++)
		if (*c == '_')
			*c = '-';
}

static void add_option(struct flags *f, enum option_id id)
{
	const struct option_row *row = &option_rows[id];
	bool has_argument = row->type != TYPE_SWITCH;

	add_letter(f, row->letter, has_argument);
	add_long(f, row->flag, has_argument, CODE_ON + (int)id);
	if (row->type == TYPE_SWITCH) {
		snprintf(f->other[id], FLAG_BYTES, "no-%s", row->flag);
		add_long(f, f->other[id], false, CODE_OFF + (int)id);
	} else if (strchr(row->flag, '_')) {
		dashes_only(row->flag, f->other[id]);
		add_long(f, f->other[id], true, CODE_ON + (int)id);
	}
}

static void flags_init(struct flags *f, enum origin origin)
{
	memset(f, 0, sizeof *f);
	f->origin = origin;
	f->letters[f->letter_count++] = '-'; /* no flag: give it in its place */
	f->letters[f->letter_count++] = ':'; /* a value is missing: say so with ':' */
	for (unsigned id = 0; id < OPTIONS; id++)
		add_option(f, id);
	for (unsigned i = 0; i < ACTIONS; i++) {
		add_letter(f, action_rows[i].letter, action_rows[i].argument);
		add_long(f, action_rows[i].flag, action_rows[i].argument, CODE_ACTION + (int)i);
	}
}

static int code_of_letter(int letter)
{
	for (unsigned id = 0; id < OPTIONS; id++)
		if (option_rows[id].letter == letter)
			return CODE_ON + (int)id;
	for (unsigned i = 0; i < ACTIONS; i++)
		if (action_rows[i].letter == letter)
			return CODE_ACTION + (int)i;
	return letter;
}

/* --- mistakes ------------------------------------------------------------- */

static const char *flag_of(const struct flags *f, int code)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->longs[i].val == code)
			return f->longs[i].name;
	return "";
}

static int refuse_flag(const struct flags *f, const char *flag, const char *why)
{
	char name[FLAG_BYTES];
	struct place at = { .origin = f->origin, .name = name };

	snprintf(name, sizeof name, "--%s", flag);
	return refuse(&at, "%s", why);
}

/* Several flags may begin so. */
static int refuse_ambiguous(const struct flags *f, const char *typed, size_t len)
{
	struct place at = { .origin = f->origin };
	const char *first = NULL;

	for (size_t i = 0; i < f->count; i++) {
		if (strncmp(f->longs[i].name, typed, len) != 0)
			continue;
		if (first)
			return refuse(&at, "flag --%.*s may mean --%s or --%s", (int)len, typed,
				      first, f->longs[i].name);
		first = f->longs[i].name;
	}
	return 0;
}

static int refuse_long(const struct flags *f, const char *argument)
{
	struct place at = { .origin = f->origin };
	char typed[FLAG_BYTES + 2];
	struct nearest n;

	snprintf(typed, sizeof typed, "%.*s", (int)strcspn(argument, "="), argument);
	const char *advice = foreign_name(typed + 2);
	if (advice)
		return refuse(&at, "unknown flag %s; %s", typed, advice);
	if (refuse_ambiguous(f, typed + 2, strlen(typed + 2)) < 0)
		return -1;
	nearest_init(&n, typed + 2);
	for (size_t i = 0; i < f->count; i++)
		nearest_try(&n, f->longs[i].name);
	n.typed = typed;
	return refuse_unknown(&at, "flag", &n, "--");
}

static int refuse_letter(const struct flags *f, int letter)
{
	struct place at = { .origin = f->origin };

	const char *advice = foreign_letter(letter);

	return refuse(&at, "unknown flag -%c; %s", letter,
		      advice ? advice : "littled --help lists them");
}

/* `optopt` is 0 for an unknown long flag, else a letter or the code of the flag used wrongly. */
static int refuse_use(const struct flags *f, int answer, char **argv)
{
	if (answer == ':')
		return refuse_flag(f, flag_of(f, code_of_letter(optopt)), "expected a value");
	if (optopt == 0)
		return refuse_long(f, argv[optind - 1]);
	if (optopt < CODE_ON)
		return refuse_letter(f, optopt);
	return refuse_flag(f, flag_of(f, optopt), "takes no value");
}

/* --- walking -------------------------------------------------------------- */

static int walk(int argc, char **argv, enum origin origin, visit_fn visit, void *arg)
{
	struct flags f;

	flags_init(&f, origin);
	opterr = 0;
	optind = 0; /* glibc: begin anew, and look at the letters' first byte */
	for (;;) {
		int answer = getopt_long(argc, argv, f.letters, f.longs, NULL);

		if (answer == -1)
			break;
		if (answer == '?' || answer == ':')
			return refuse_use(&f, answer, argv);
		if (visit(arg, (enum code)code_of_letter(answer), optarg) < 0)
			return -1;
	}
	for (int i = optind; i < argc; i++) /* behind "--" */
		if (visit(arg, CODE_ARGUMENT, argv[i]) < 0)
			return -1;
	return 0;
}

static int scan_app(struct cli *cli, const char *app)
{
	struct place at = { .origin = cli->origin };

	if (cli->app)
		return refuse(&at, "one APP at most; there are \"%s\" and \"%s\"", cli->app, app);
	cli->app = app;
	return 0;
}

static int scan(void *arg, enum code code, const char *value)
{
	struct cli *cli = arg;

	if (code == CODE_ARGUMENT)
		return scan_app(cli, value);
	if (code < CODE_ACTION)
		return 0;
	if (code == CODE_ACTION + ACTION_CONFIG) {
		cli->config = value;
	} else if (cli->action == ACTIONS) {
		cli->action = (enum action)(code - CODE_ACTION);
		cli->argument = value;
	}
	return 0;
}

int cli_scan(struct cli *cli, int argc, char **argv, enum origin origin)
{
	*cli = (struct cli){ .origin = origin, .action = ACTIONS };
	return argc > 0 ? walk(argc, argv, origin, scan, cli) : 0;
}

void cli_fill(struct cli *high, const struct cli *low)
{
	if (high->action == ACTIONS) {
		high->action = low->action;
		high->argument = low->argument;
	}
	if (!high->config)
		high->config = low->config;
	if (!high->app)
		high->app = low->app;
}

struct application {
	struct conf *conf;
	enum origin origin;
};

static int apply(void *arg, enum code code, const char *value)
{
	const struct application *a = arg;
	struct option_origin from = { .origin = a->origin };
	char flag[FLAG_BYTES];
	struct place at = { .origin = a->origin, .name = flag };

	if (code < CODE_ON || code >= CODE_ACTION)
		return 0;

	enum option_id id = (code - CODE_ON) % OPTIONS;
	if (option_rows[id].type == TYPE_SWITCH)
		value = code < CODE_OFF ? "true" : "false";

	int error = options_set(a->conf->options, id, value, from);
	snprintf(flag, sizeof flag, "--%s", option_rows[id].flag);
	return error ? refuse_option(&at, value, id, error) : 0;
}

int cli_apply(struct conf *c, int argc, char **argv, enum origin origin)
{
	struct application a = { .conf = c, .origin = origin };

	return argc > 0 ? walk(argc, argv, origin, apply, &a) : 0;
}
