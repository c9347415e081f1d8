/*
 * The options table for the manual pages, in scdoc(5)'s language, and for the shells' completion.
 * docs/man/ and scripts/make-completion put the rest around it.
 *
 * Runs in: master
 */
#include <stdlib.h>

#include "conf/cli.h"
#include "conf/options.h"
#include "conf/print.h"

/* --- words of scdoc ------------------------------------------------------- */

/* None of it is taken for an instruction. */
static void put_plain(struct buf *to, const char *text)
{
	for (; *text; text++) {
		if (strchr("\\*_+", *text))
			buf_puts(to, "\\");
		buf_append(to, text, 1);
	}
}

static void put_marked(struct buf *to, const char *mark, const char *text)
{
	buf_puts(to, mark);
	put_plain(to, text);
	buf_puts(to, mark);
}

static void put_bold(struct buf *to, const char *text)
{
	put_marked(to, "*", text);
}

static void put_underlined(struct buf *to, const char *text)
{
	put_marked(to, "_", text);
}

static void put_flag(struct buf *to, const char *before, const char *flag)
{
	buf_printf(to, "*%s", before);
	put_plain(to, flag);
	buf_puts(to, "*");
}

/* "-b, --bind ADDRESS", a line of its own; what is said of it is indented below. */
static void put_flags(struct buf *to, char letter, const char *flag, const char *argument)
{
	if (letter)
		buf_printf(to, "*-%c*, ", letter);
	put_flag(to, "--", flag);
	if (argument) {
		buf_puts(to, " ");
		put_underlined(to, argument);
	}
}

static void put_default(struct buf *to, const struct option_row *row)
{
	if (!row->fallback)
		return;
	buf_puts(to, "Default: ");
	put_bold(to, row->fallback);
	buf_puts(to, ". ");
}

static void put_bounds(struct buf *to, enum option_id id)
{
	struct buf bounds;

	buf_init(&bounds, PRINT_BYTES_MAX);
	option_print_bounds(id, &bounds);
	char *text = buf_steal(&bounds);
	if (text && *text) {
		buf_puts(to, "Allowed: ");
		put_plain(to, text);
		buf_puts(to, ". ");
	}
	free(text);
}

static void put_sources(struct buf *to, const struct option_row *row)
{
	char variable[VARIABLE_BYTES];

	option_variable(row->name, variable);
	buf_puts(to, "Flag: ");
	put_flag(to, "--", row->flag);
	buf_puts(to, ". Variable: ");
	put_bold(to, variable);
	if (row->variable) {
		buf_puts(to, " or ");
		put_bold(to, row->variable);
	}
	buf_puts(to, ".\n\n");
}

/* --- the pages ------------------------------------------------------------ */

static void put_option(struct buf *to, enum option_id id)
{
	const struct option_row *row = &option_rows[id];

	put_flags(to, row->letter, row->flag, row->argument);
	if (row->type == TYPE_SWITCH) {
		buf_puts(to, ", ");
		put_flag(to, "--no-", row->flag);
	}
	buf_puts(to, "\n\t");
	put_plain(to, row->help);
	buf_puts(to, " ");
	put_default(to, row);
	buf_puts(to, "\n\n");
}

static void put_key(struct buf *to, enum option_id id)
{
	const struct option_row *row = &option_rows[id];

	put_bold(to, row->name);
	buf_puts(to, " = ");
	put_underlined(to, row->argument ? row->argument : "SWITCH");
	buf_puts(to, "\n\t");
	put_plain(to, row->help);
	buf_puts(to, "\n\n\t");
	put_default(to, row);
	put_bounds(to, id);
	put_sources(to, row);
}

static void put_groups(struct buf *to, void (*put)(struct buf *to, enum option_id id))
{
	for (unsigned id = 0; id < OPTIONS; id++) {
		if (print_begins_group(id))
			buf_printf(to, "## %s\n\n", option_rows[id].group);
		put(to, id);
	}
}

int conf_write_manual_flags(FILE *to)
{
	struct buf text;

	buf_init(&text, PRINT_BYTES_MAX);
	put_groups(&text, put_option);
	buf_puts(&text, "## Other\n\n");
	for (unsigned i = 0; i < ACTIONS; i++) {
		const struct action_row *row = &action_rows[i];

		if (!row->help)
			continue;
		put_flags(&text, row->letter, row->flag, row->argument);
		buf_puts(&text, "\n\t");
		put_plain(&text, row->help);
		buf_puts(&text, "\n\n");
	}
	return print_finish(&text, to);
}

int conf_write_manual_keys(FILE *to)
{
	struct buf text;

	buf_init(&text, PRINT_BYTES_MAX);
	put_groups(&text, put_key);
	return print_finish(&text, to);
}

/* --- completion ----------------------------------------------------------- */

/* Flag, letter, what the value is, and what it does; empty where there is none. */
static void put_completion(struct buf *to, const char *before, const char *flag, char letter,
			   const char *argument, const char *help)
{
	buf_printf(to, "--%s%s\t", before, flag);
	if (letter)
		buf_printf(to, "-%c", letter);
	buf_printf(to, "\t%s\t%s\n", argument ? argument : "", help);
}

int conf_write_completion(FILE *to)
{
	struct buf text;

	buf_init(&text, PRINT_BYTES_MAX);
	for (unsigned id = 0; id < OPTIONS; id++) {
		const struct option_row *row = &option_rows[id];

		put_completion(&text, "", row->flag, row->letter, row->argument, row->help);
		if (row->type == TYPE_SWITCH)
			put_completion(&text, "no-", row->flag, 0, NULL, row->help);
	}
	for (unsigned i = 0; i < ACTIONS; i++)
		if (action_rows[i].help)
			put_completion(&text, "", action_rows[i].flag, action_rows[i].letter,
				       action_rows[i].argument, action_rows[i].help);
	return print_finish(&text, to);
}
