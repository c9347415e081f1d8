/*
 * --help, --version and --print-config.
 *
 * Runs in: master
 */
#include "conf/print.h"

#include <errno.h>
#include <stdlib.h>

#include <littled/version.h>

#include "conf/cli.h"
#include "conf/options.h"

void print_words(struct buf *to, const char *text, const char *margin, size_t column)
{
	struct ltd_slice rest = slice_of_string(text), word;
	bool is_first = true;

	while (slice_cut(&rest, ' ', &word)) {
		if (!is_first && column + 1 + word.len > PRINT_COLUMNS) {
			buf_printf(to, "\n%s", margin);
			column = strlen(margin);
		} else if (!is_first) {
			buf_puts(to, " ");
			column++;
		}
		buf_append(to, word.at, word.len);
		column += word.len;
		is_first = false;
	}
	buf_puts(to, "\n");
}

bool print_begins_group(unsigned id)
{
	return id == 0 || strcmp(option_rows[id].group, option_rows[id - 1].group) != 0;
}

int print_finish(struct buf *text, FILE *to)
{
	int error = 0;

	errno = 0;
	if (text->is_short)
		error = -ENOMEM;
	else if (fwrite(text->at, 1, text->len, to) != text->len || fflush(to) != 0)
		error = errno ? -errno : -EIO;
	buf_fini(text);
	return error;
}

/* --- help ----------------------------------------------------------------- */

#define HELP_MARGIN "                               "

/* "  -b, --bind ADDRESS", and the sentence behind it or below. */
static void put_flag(struct buf *to, char letter, const char *flag, const char *argument,
		     const char *sentence)
{
	size_t start = to->len, column;

	if (letter)
		buf_printf(to, "  -%c, ", letter);
	else
		buf_puts(to, "      ");
	buf_printf(to, "--%s%s%s", flag, argument ? " " : "", argument ? argument : "");

	column = to->len - start;
	if (column + 2 > sizeof HELP_MARGIN - 1)
		buf_puts(to, "\n" HELP_MARGIN);
	else
		buf_puts(to, HELP_MARGIN + column);
	print_words(to, sentence, HELP_MARGIN, sizeof HELP_MARGIN - 1);
}

static void put_option(struct buf *to, const struct option_row *row)
{
	struct buf flag, sentence;

	buf_init(&flag, PRINT_BYTES_MAX);
	buf_init(&sentence, PRINT_BYTES_MAX);
	buf_printf(&flag, "%s%s", row->type == TYPE_SWITCH ? "[no-]" : "", row->flag);
	buf_puts(&sentence, row->help);
	if (row->fallback)
		buf_printf(&sentence, " Default: %s", row->fallback);

	char *flag_text = buf_steal(&flag), *sentence_text = buf_steal(&sentence);
	if (flag_text && sentence_text)
		put_flag(to, row->letter, flag_text, row->argument, sentence_text);
	else
		to->is_short = true;
	free(flag_text);
	free(sentence_text);
}

static const char help_head[] =
	"usage: littled [OPTIONS] [APP]\n"
	"       littled COMMAND [OPTIONS]\n"
	"COMMAND is advise, bench, ctl, lab, top or usl; littled COMMAND --help tells more.\n\n"
	"Serves APP at /: a built-in app (littled workload) or a shared object\n"
	"(littled ./app.so), with an argument of its own as APP:ARGUMENT.\n"
	"Without APP the [route PREFIX] sections of the file say what is served.\n";

static const char help_tail[] =
	"\nA TIME is in seconds, or has a unit: 500ms, 300us, 2m. A SIZE may end in k, m or g.\n"
	"Precedence, low to high: defaults, environment (LITTLED_WORKERS=5), file, flags in\n"
	"LITTLED_CMD_ARGS, command line.\n";

int print_help(FILE *to)
{
	struct buf text;

	buf_init(&text, PRINT_BYTES_MAX);
	buf_puts(&text, help_head);
	for (unsigned id = 0; id < OPTIONS; id++) {
		if (print_begins_group(id))
			buf_printf(&text, "\n%s:\n", option_rows[id].group);
		put_option(&text, &option_rows[id]);
	}
	buf_puts(&text, "\nOther:\n");
	for (unsigned i = 0; i < ACTIONS; i++)
		if (action_rows[i].help)
			put_flag(&text, action_rows[i].letter, action_rows[i].flag,
				 action_rows[i].argument, action_rows[i].help);
	buf_puts(&text, help_tail);
	return print_finish(&text, to);
}

int print_version(FILE *to)
{
	struct buf text;

	buf_init(&text, PRINT_BYTES_MAX);
	buf_puts(&text, "littled " LTD_VERSION "\n");
	return print_finish(&text, to);
}

/* --- the configuration in force ------------------------------------------- */

static void put_origin(const struct conf *c, enum option_id id, struct buf *to)
{
	struct option_origin from = c->options->from[id];
	char variable[VARIABLE_BYTES];

	switch (from.origin) {
	case ORIGIN_DEFAULT:
		buf_puts(to, "# default\n");
		break;
	case ORIGIN_ENVIRONMENT:
		option_variable(option_rows[id].name, variable);
		buf_printf(to, "# environment: %s\n",
			   from.by_variable ? option_rows[id].variable : variable);
		break;
	case ORIGIN_FILE:
		buf_printf(to, "# file: line %u\n", from.line);
		break;
	case ORIGIN_CMD_ARGS:
		buf_puts(to, "# environment: " VARIABLE_CMD_ARGS "\n");
		break;
	case ORIGIN_COMMAND_LINE:
		buf_puts(to, "# command line\n");
		break;
	}
}

static void put_route(const struct route_conf *route, struct buf *to)
{
	buf_printf(to, "\n[route %s]\n", route->prefix);
	if (route->line)
		buf_printf(to, "# file: line %u\n", route->line);
	else
		buf_puts(to, "# command line\n");
	buf_printf(to, "app = %s\n", route->app);
	for (size_t i = 0; i < route->setting_count; i++)
		buf_printf(to, "%s = %s\n", route->settings[i].name, route->settings[i].value);
}

int print_config(const struct conf *c, FILE *to)
{
	struct buf text;

	buf_init(&text, 4 * PRINT_BYTES_MAX);
	buf_puts(&text, "# littled " LTD_VERSION ": the options in force, and their origins\n");
	if (c->file)
		buf_printf(&text, "# file: %s\n", c->file);
	buf_puts(&text, "\n[littled]\n");
	for (unsigned id = 0; id < OPTIONS; id++) {
		put_origin(c, id, &text);
		buf_printf(&text, "%s = ", option_rows[id].name);
		options_print_value(c->options, id, &text);
		buf_puts(&text, "\n");
	}
	for (size_t i = 0; i < c->route_count; i++)
		put_route(&c->routes[i], &text);
	return print_finish(&text, to);
}
