/* The lines of `littled top`.  Runs in: the command's process. */
#include "cmd/top_view.h"

#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/top_rows.h"

#define TEXT_MAX (4u << 20)
#define LINE_MAX_BYTES 4096

const char *const top_table_names[TOP_TABLE_COUNT] = {
	[TOP_ROUTES] = "routes",
	[TOP_SLOTS] = "slots",
	[TOP_WORKERS] = "workers",
};

void top_view_init(struct top_view *v)
{
	buf_init(&v->text, TEXT_MAX);
	v->count = v->fixed = 0;
}

void top_view_fini(struct top_view *v)
{
	buf_fini(&v->text);
}

const char *top_view_line(const struct top_view *v, unsigned i)
{
	return v->text.at + v->line[i].at;
}

/* Names are other people's: none of their characters moves the cursor, or does worse. */
static void disarm(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = '?';
}

__attribute__((format(printf, 3, 4))) static void put(struct top_view *v, enum top_style style,
						      const char *format, ...)
{
	va_list args;

	if (v->count == TOP_LINES_MAX || v->text.is_short)
		return;
	size_t at = v->text.len;
	v->line[v->count++] = (struct top_line){ at, style };
	va_start(args, format);
	buf_vprintf(&v->text, format, args);
	va_end(args);
	disarm(v->text.at + at, v->text.len - at);
	buf_append(&v->text, "", 1);
}

const char *const top_help[] = {
	"r s w          routes, slots, workers",
	"o              sort by the next column; * marks it",
	"1 2 3          the last 1, 10 or 60 seconds",
	"p, space       pause",
	"arrows, j k    scroll; page up and down, home",
	"? h            this",
	"q              quit",
	"",
	"wait           from a request's arrival until its handler began",
	"service        its handler; total: its arrival until its last byte was sent",
	"w.p99, s.p99   99 of 100 waits, services took no longer",
	"cpu            the part of the service time that was computing",
	"beat           since the worker's loop last turned",
	"moved          requests served by another worker than the one they came to",
	"claims         times an idle slot asked another worker for a waiting request",
	"served         it and moved, claims, shed, written off, lost: since the start",
};
const unsigned top_help_count = sizeof top_help / sizeof *top_help;

static bool begins_character(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

unsigned top_width(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += begins_character(*text);
	return n;
}

size_t top_prefix(const char *text, unsigned most)
{
	size_t n = 0;

	for (; text[n]; n++)
		if (begins_character(text[n]) && most-- == 0)
			break;
	return n;
}

/* --- reading the document ------------------------------------------------------------- */

/* A member, or a member of a member: "phases.wait.p99_s". */
static struct json_object *find(struct json_object *o, const char *path)
{
	char key[40];

	while (o && *path) {
		size_t len = strcspn(path, ".");

		snprintf(key, sizeof key, "%.*s", (int)len, path);
		o = json_object_object_get(o, key);
		path += len + (path[len] == '.');
	}
	return o;
}

double top_number(struct json_object *o, const char *path)
{
	return json_object_get_double(find(o, path));
}

const char *top_text(struct json_object *o, const char *path)
{
	const char *text = json_object_get_string(find(o, path));

	return text ? text : "-";
}

const char *top_time(double s, struct top_cell *cell)
{
	if (s <= 0)
		snprintf(cell->text, sizeof cell->text, "0");
	else if (s < 0.9995e-3)
		snprintf(cell->text, sizeof cell->text, "%.0fus", s * 1e6);
	else if (s < 0.9995)
		snprintf(cell->text, sizeof cell->text, "%.3gms", s * 1e3);
	else if (s < 600)
		snprintf(cell->text, sizeof cell->text, "%.3gs", s);
	else if (s < 7200)
		snprintf(cell->text, sizeof cell->text, "%.0fmin", floor(s / 60));
	else if (s < 172800)
		snprintf(cell->text, sizeof cell->text, "%.0fh", floor(s / 3600));
	else
		snprintf(cell->text, sizeof cell->text, "%.0fd", floor(s / 86400));
	return cell->text;
}

/* --- above the table ------------------------------------------------------------------- */

static void put_server(struct top_view *v, struct json_object *root)
{
	struct top_cell up;

	put(v, STYLE_TITLE,
	    "littled %s, pid %.0f, up %s: %.0f workers x %.0f threads = %.0f slots; last %.0f s",
	    top_text(root, "littled.version"), top_number(root, "littled.pid"),
	    top_time(top_number(root, "littled.uptime_s"), &up),
	    top_number(root, "littled.workers"), top_number(root, "littled.threads"),
	    top_number(root, "littled.slots"), top_number(root, "window_s"));
}

static void put_counts(struct top_view *v, struct json_object *root)
{
	put(v, STYLE_PLAIN,
	    "connections: %.0f idle, %.0f reading, %.0f busy, %.0f flushing   law's residual %.1g",
	    top_number(root, "connections.idle"), top_number(root, "connections.reading"),
	    top_number(root, "connections.busy"), top_number(root, "connections.flushing"),
	    top_number(root, "little.residual"));
	put(v, STYLE_PLAIN,
	    "since the start: moved %.0f, claims %.0f, shed %.0f, written off %.0f, lost %.0f",
	    top_number(root, "totals.moves_in"), top_number(root, "totals.claims"),
	    top_number(root, "totals.shed_queue_full") +
		    top_number(root, "totals.shed_queue_timeout") +
		    top_number(root, "totals.shed_delay"),
	    top_number(root, "totals.written_off"), top_number(root, "totals.lost"));
}

static void put_law(struct top_view *v, struct json_object *root)
{
	struct top_cell w;

	put(v, STYLE_SENTENCE, "%s", top_text(root, "sentence"));
	put(v, STYLE_PLAIN, "RPS %.1f   W %s   utilisation %.0f%%   busy %.1f of %.0f slots",
	    top_number(root, "throughput_rps"), top_time(top_number(root, "little.W_s"), &w),
	    100 * top_number(root, "utilisation"), top_number(root, "busy_slots"),
	    top_number(root, "slots"));
	put(v, STYLE_PLAIN,
	    "in flight %.1f = waiting %.1f + in service %.1f + reading %.1f + writing %.1f",
	    top_number(root, "concurrency.total"), top_number(root, "concurrency.waiting"),
	    top_number(root, "concurrency.in_service"), top_number(root, "concurrency.reading"),
	    top_number(root, "concurrency.writing"));
	put_counts(v, root);
}

static void put_phases(struct top_view *v, struct json_object *root)
{
	static const char *const phases[] = { "wait", "service", "total" };
	struct top_cell c[5];

	put(v, STYLE_HEAD, "%-8s %8s %8s %8s %8s %8s", "phase", "mean", "p50", "p90", "p99", "max");
	for (unsigned i = 0; i < sizeof phases / sizeof *phases; i++) {
		struct json_object *p = find(find(root, "phases"), phases[i]);

		put(v, STYLE_PLAIN, "%-8s %8s %8s %8s %8s %8s", phases[i],
		    top_time(top_number(p, "mean_s"), &c[0]),
		    top_time(top_number(p, "p50_s"), &c[1]),
		    top_time(top_number(p, "p90_s"), &c[2]), top_time(top_number(p, "p99_s"), &c[3]),
		    top_time(top_number(p, "max_s"), &c[4]));
	}
}

/* --- the slots as a picture ------------------------------------------------------------ */

static char cell_of(struct json_object *slot)
{
	const char *state = top_text(slot, "state");
	double age_s = top_number(slot, "age_s");

	if (strcmp(state, "idle") == 0)
		return TOP_CELLS[0];
	if (strcmp(state, "busy") != 0)
		return TOP_CELLS[4];
	return TOP_CELLS[age_s < 1 ? 1 : age_s < TOP_OLD_S ? 2 : 3];
}

static void put_grid(struct top_view *v, struct json_object *root)
{
	struct json_object *workers = find(root, "workers");

	put(v, STYLE_DIM, "slots: . idle  o busy  O for over 1 s  @ for over 10 s  X written off");
	for (size_t i = 0; i < json_object_array_length(workers); i++) {
		struct json_object *w = json_object_array_get_idx(workers, i);
		struct json_object *slots = find(w, "slots");
		char row[1025];
		size_t n = 0;

		for (; n < json_object_array_length(slots) && n < sizeof row - 1; n++)
			row[n] = cell_of(json_object_array_get_idx(slots, n));
		row[n] = '\0';
		put(v, STYLE_GRID, "%3.0f %s", top_number(w, "worker"), row);
	}
}

/* --- all of it ------------------------------------------------------------------------- */

static void put_line(struct top_view *v, enum top_style style, const struct buf *line)
{
	put(v, style, "%.*s", (int)line->len, line->at ? line->at : "");
}

static void put_table(struct top_view *v, struct json_object *root, const struct top_choice *choice)
{
	struct top_rows rows;
	struct buf line;

	buf_init(&line, LINE_MAX_BYTES);
	top_rows_collect(&rows, root, choice);
	top_rows_print_head(&rows, &line);
	put_line(v, STYLE_HEAD, &line);
	v->fixed = v->count;
	for (unsigned i = 0; i < rows.count; i++) {
		buf_reset(&line);
		top_rows_print(&rows, i, &line);
		put_line(v, rows.row[i].is_hot ? STYLE_HOT : STYLE_PLAIN, &line);
	}
	top_rows_free(&rows);
	buf_fini(&line);
}

/* Is that member of it a list, and everything in the list an object? */
static bool has_objects(struct json_object *o, const char *path)
{
	struct json_object *list = find(o, path);

	if (!json_object_is_type(list, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(list); i++)
		if (!json_object_is_type(json_object_array_get_idx(list, i), json_type_object))
			return false;
	return true;
}

/*
 * Other servers answer with JSON too.  What is looked at as a list or an object must be one, for
 * json-c aborts else; any other member may be missing or of any kind, and then shows as 0 or "-".
 */
static bool is_document(struct json_object *root)
{
	struct json_object *workers = find(root, "workers");

	if (!json_object_is_type(find(root, "littled"), json_type_object) ||
	    !has_objects(root, "workers") || !has_objects(root, "routes"))
		return false;
	for (size_t i = 0; i < json_object_array_length(workers); i++)
		if (!has_objects(json_object_array_get_idx(workers, i), "slots"))
			return false;
	return true;
}

int top_view_make(struct top_view *v, const char *json, size_t len, const struct top_choice *choice,
		  struct buf *why)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *root = NULL;

	buf_reset(&v->text);
	v->count = v->fixed = 0;
	if (tokener && len <= INT32_MAX)
		root = json_tokener_parse_ex(tokener, json, (int)len);
	if (tokener)
		json_tokener_free(tokener);
	if (!is_document(root)) {
		json_object_put(root);
		buf_puts(why, "this is no statistics document");
		return -EINVAL;
	}
	put_server(v, root);
	put_law(v, root);
	put_phases(v, root);
	if (choice->table == TOP_WORKERS)
		put_grid(v, root);
	put_table(v, root, choice);
	json_object_put(root);
	return 0;
}
