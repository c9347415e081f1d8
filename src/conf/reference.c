/*
 * The two documents made of the options table, committed under conf/.
 *
 * Runs in: master
 */
#include "conf/cli.h"
#include "conf/options.h"
#include "conf/print.h"

/* --- the sample file ------------------------------------------------------ */

static void put_comment(struct buf *to, const char *text)
{
	buf_puts(to, "# ");
	print_words(to, text, "# ", 2);
}

static void put_sample(struct buf *to, enum option_id id)
{
	const struct option_row *row = &option_rows[id];
	struct buf bounds;

	buf_puts(to, "\n");
	put_comment(to, row->help);
	buf_init(&bounds, PRINT_BYTES_MAX);
	option_print_bounds(id, &bounds);
	if (bounds.len > 0)
		buf_printf(to, "# Allowed: %.*s.\n", (int)bounds.len, bounds.at);
	buf_fini(&bounds);
	buf_printf(to, "#%s =%s%s\n", row->name, row->fallback ? " " : "",
		   row->fallback ? row->fallback : "");
}

int conf_write_example(FILE *to)
{
	struct buf text;

	buf_init(&text, PRINT_BYTES_MAX);
	put_comment(&text, "Every option of littled at its default. Made by `littled "
			   "--print-reference example`; copy it, and take the # away from what you "
			   "change.");
	buf_puts(&text, "#\n");
	put_comment(&text, "Times are in seconds, or have a unit: 500ms, 300us, 2m. Sizes may end "
			   "in k, m or g. Comments stand on lines of their own.");
	buf_puts(&text, "\n[littled]\n");
	for (unsigned id = 0; id < OPTIONS; id++) {
		if (print_begins_group(id))
			buf_printf(&text, "\n# --- %s ---\n", option_rows[id].group);
		put_sample(&text, id);
	}
	buf_puts(&text, "\n# --- What is served ---\n\n");
	put_comment(&text, "One section for each app: the prefix of its paths, its name (or the "
			   "path of a shared object), and its own keys.");
	buf_puts(&text, "[route /]\napp = workload\n");
	return print_finish(&text, to);
}

/* --- the reference -------------------------------------------------------- */

/* A '|' would end the table's cell. */
static void put_cell(struct buf *to, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '|')
			buf_puts(to, "\\");
		buf_append(to, text + i, 1);
	}
}

static void put_flags(struct buf *to, const struct option_row *row)
{
	if (row->letter)
		buf_printf(to, "`-%c`, ", row->letter);
	buf_printf(to, "`--%s`", row->flag);
	if (row->type == TYPE_SWITCH)
		buf_printf(to, ", `--no-%s`", row->flag);
}

static void put_variables(struct buf *to, const struct option_row *row)
{
	char variable[VARIABLE_BYTES];

	option_variable(row->name, variable);
	buf_printf(to, "`%s`", variable);
	if (row->variable)
		buf_printf(to, ", `%s`", row->variable);
}

static void put_row(struct buf *to, enum option_id id)
{
	const struct option_row *row = &option_rows[id];
	struct buf bounds;

	buf_printf(to, "| `%s` | ", row->name);
	put_flags(to, row);
	buf_puts(to, " | ");
	put_variables(to, row);
	buf_puts(to, " | ");
	if (row->fallback)
		buf_printf(to, "`%s`", row->fallback);
	buf_puts(to, " | ");
	buf_init(&bounds, PRINT_BYTES_MAX);
	option_print_bounds(id, &bounds);
	put_cell(to, bounds.at, bounds.len);
	buf_fini(&bounds);
	buf_puts(to, " | ");
	put_cell(to, row->help, strlen(row->help));
	buf_puts(to, " |\n");
}

static void put_actions(struct buf *to)
{
	buf_puts(to, "\n## Flags that are no options\n\n| Flag | Meaning |\n|---|---|\n");
	for (unsigned i = 0; i < ACTIONS; i++) {
		const struct action_row *row = &action_rows[i];

		if (!row->help)
			continue;
		buf_puts(to, "| ");
		if (row->letter)
			buf_printf(to, "`-%c`, ", row->letter);
		buf_printf(to, "`--%s` | %s |\n", row->flag, row->help);
	}
}

static const char introduction[] =
	"# Options\n\n"
	"<!-- Made of src/conf/options.def by `littled --print-reference markdown`. -->\n\n"
	"Precedence, low to high: defaults, environment, file, LITTLED_CMD_ARGS, command line.\n"
	"`littled --print-config` tells each value in force and where it came from;\n"
	"`littled --check-config` checks and leaves.\n\n"
	"The file (`-c FILE`, or `LITTLED_CONFIG`) has one section `[littled]` with the keys\n"
	"below, and a section `[route PREFIX]` for each app, with `app = NAME` (or the path of a\n"
	"shared object, either with `:ARGUMENT` behind it) and the app's own keys.\n"
	"`littled [OPTIONS] APP` serves APP at `/` in place of the file's `[route /]`. Comments\n"
	"are whole lines that begin with `#` or `;`.\n\n"
	"Times are in seconds, or have a unit: `500ms`, `300us`, `2m`, `1h`. Sizes are in bytes,\n"
	"or end in `k`, `m` or `g` (powers of 1024). Switches are `true`, `on`, `yes`, `1` or\n"
	"`false`, `off`, `no`, `0`. An empty value takes away what has no default. Several\n"
	"addresses are separated by commas or given one by one; those of a higher source replace\n"
	"all of a lower one.\n";

int conf_write_reference(FILE *to)
{
	struct buf text;

	buf_init(&text, PRINT_BYTES_MAX);
	buf_puts(&text, introduction);
	for (unsigned id = 0; id < OPTIONS; id++) {
		if (print_begins_group(id))
			buf_printf(&text,
				   "\n## %s\n\n"
				   "| Key | Flag | Environment | Default | Allowed | Meaning |\n"
				   "|---|---|---|---|---|---|\n",
				   option_rows[id].group);
		put_row(&text, id);
	}
	put_actions(&text);
	return print_finish(&text, to);
}
