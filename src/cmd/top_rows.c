/* Rows for `littled top`, from tables of columns.  Runs in: the command's process. */
#include "cmd/top_rows.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { TEXT, COUNT, RATE, TIME, PERCENT };

/*
 * What may give way where room is short: a name is cut down to NAME_LEAST, a spare column left out.
 */
enum room { ROOM_FIXED, ROOM_NAME, ROOM_SPARE };
#define NAME_LEAST 12

/*
 * A column: its name, where its value stands in a row's
 * object, how wide at least, and of what kind.
 */
static const struct column {
	const char *name, *path;
	int width;
	enum kind kind;
	enum room room;
} columns[TOP_TABLE_COUNT][TOP_COLUMNS_MAX] = {
	[TOP_ROUTES] = {
		{ "route", "route", NAME_LEAST, TEXT, ROOM_NAME },
		{ "class", "class", 6, TEXT, ROOM_SPARE },
		{ "rate", "rate", 8, RATE, ROOM_FIXED },
		{ "wait", "wait.mean_s", 6, TIME, ROOM_FIXED },
		{ "w.p50", "wait.p50_s", 6, TIME, ROOM_FIXED },
		{ "w.p99", "wait.p99_s", 6, TIME, ROOM_FIXED },
		{ "service", "service.mean_s", 6, TIME, ROOM_FIXED },
		{ "s.p50", "service.p50_s", 6, TIME, ROOM_FIXED },
		{ "s.p99", "service.p99_s", 6, TIME, ROOM_FIXED },
		{ "cpu", "cpu_share", 4, PERCENT, ROOM_FIXED },
		{ "errors", "errors", 6, COUNT, ROOM_FIXED },
	},
	[TOP_SLOTS] = {
		{ "worker", "worker", 7, COUNT, ROOM_FIXED },
		{ "slot", "slot", 4, COUNT, ROOM_FIXED },
		{ "state", "state", 11, TEXT, ROOM_FIXED },
		{ "age", "age_s", 7, TIME, ROOM_FIXED },
		{ "served", "served", 9, COUNT, ROOM_FIXED },
		{ "thread", "thread_id", 7, COUNT, ROOM_SPARE },
		{ "route", "route", NAME_LEAST, TEXT, ROOM_NAME },
	},
	[TOP_WORKERS] = {
		{ "worker", "worker", 7, COUNT, ROOM_FIXED },
		{ "pid", "pid", 7, COUNT, ROOM_FIXED },
		{ "state", "state", 8, TEXT, ROOM_FIXED },
		{ "up", "uptime_s", 6, TIME, ROOM_FIXED },
		{ "beat", "heartbeat_age_s", 6, TIME, ROOM_FIXED },
		{ "free", "free_slots", 4, COUNT, ROOM_FIXED },
		{ "queued", "queued", 6, COUNT, ROOM_FIXED },
		{ "in flight", "in_flight", 9, COUNT, ROOM_FIXED },
		{ "served", "served", 9, COUNT, ROOM_FIXED },
		{ "moved in", "moves_in", 8, COUNT, ROOM_SPARE },
		{ "moved out", "moves_out", 9, COUNT, ROOM_SPARE },
	},
};

/* What a table is sorted by unless asked otherwise. */
static const char *const usual[TOP_TABLE_COUNT] = {
	[TOP_ROUTES] = "rate",
	[TOP_SLOTS] = "age",
	[TOP_WORKERS] = "worker",
};

static const struct column *find_column(enum top_table table, const char *name)
{
	for (const struct column *c = columns[table]; c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

bool top_can_sort(enum top_table table, const char *sort)
{
	return find_column(table, sort) != NULL;
}

void top_put_columns(enum top_table table, struct buf *out)
{
	for (const struct column *c = columns[table]; c->name; c++)
		buf_printf(out, "%s%s", c == columns[table] ? "" : ", ", c->name);
}

const char *top_next_sort(enum top_table table, const char *sort)
{
	const struct column *c = find_column(table, sort ? sort : usual[table]);

	if (!c)
		return NULL;
	return c[1].name ? c[1].name : columns[table][0].name;
}

static const char *print_value(const struct column *c, struct json_object *o, struct top_cell *cell)
{
	double n = top_number(o, c->path);

	switch (c->kind) {
	case TEXT:
		return top_text(o, c->path);
	case TIME:
		return top_time(n, cell);
	case COUNT:
		snprintf(cell->text, sizeof cell->text, "%.0f", n);
		break;
	case RATE:
		snprintf(cell->text, sizeof cell->text, "%.1f", n);
		break;
	case PERCENT:
		snprintf(cell->text, sizeof cell->text, "%.0f%%", 100 * n);
	}
	return cell->text;
}

/* Of slots the idle ones stand last, however long they have been idle. */
#define IDLE_LAST 1e12

static double key_of(const struct top_rows *r, struct json_object *o)
{
	const struct column *sort = &columns[r->table][r->sort];
	double key = top_number(o, sort->path);
	bool is_idle = strcmp(top_text(o, "state"), "idle") == 0;

	return r->table == TOP_SLOTS && sort->kind == TIME && is_idle ? key - IDLE_LAST : key;
}

static bool is_hot(enum top_table table, struct json_object *o)
{
	const char *state = top_text(o, "state");

	if (table == TOP_ROUTES)
		return top_number(o, "errors") > 0;
	if (table == TOP_WORKERS)
		return strcmp(state, "ready") == 0 && top_number(o, "heartbeat_age_s") > TOP_HANGS_S;
	return strcmp(state, "idle") != 0 && top_number(o, "age_s") >= TOP_OLD_S;
}

static void fill_row(struct top_row *row, const struct top_rows *r, struct json_object *o)
{
	const struct column *all = columns[r->table], *sort = &all[r->sort];

	for (unsigned i = 0; all[i].name; i++) {
		const char *text = print_value(&all[i], o, &row->cell[i]);

		row->text[i] = text == row->cell[i].text ? NULL : text;
	}
	row->is_hot = is_hot(r->table, o);
	if (sort->kind == TEXT)
		row->name = top_text(o, sort->path);
	else
		row->key = key_of(r, o);
}

static void add_row(struct top_rows *r, struct json_object *o)
{
	struct top_row *more = realloc(r->row, (r->count + 1) * sizeof *more);

	if (!more)
		return;
	r->row = more;
	memset(&more[r->count], 0, sizeof *more);
	fill_row(&more[r->count++], r, o);
}

/* A slot's object does not say whose it is. */
static void add_slots(struct top_rows *r, struct json_object *worker)
{
	struct json_object *slots = json_object_object_get(worker, "slots");
	double number = top_number(worker, "worker"); /* any: it may not be ours */

	for (size_t i = 0; i < json_object_array_length(slots); i++) {
		struct json_object *slot = json_object_array_get_idx(slots, i);

		json_object_object_add(slot, "worker", json_object_new_double(number));
		json_object_object_add(slot, "slot", json_object_new_int((int)i));
		add_row(r, slot);
	}
}

static const char *text_of(const struct top_row *row, unsigned i)
{
	return row->text[i] ? row->text[i] : row->cell[i].text;
}

/* Where all else is the same, as they stand in the document: by place, or by the first column. */
static int by_place(const struct top_row *x, const struct top_row *y)
{
	for (unsigned i = 0; i < 2; i++) {
		const char *a = text_of(x, i), *b = text_of(y, i);
		/* Shorter numbers are smaller ones. */
		long order = isdigit((unsigned char)*a) ? (long)strlen(a) - (long)strlen(b) : 0;

		if (!order)
			order = strcmp(a, b);
		if (order)
			return order < 0 ? -1 : 1;
	}
	return 0;
}

static int most_first(const void *a, const void *b)
{
	const struct top_row *x = a, *y = b;

	return x->key < y->key ? 1 : x->key > y->key ? -1 : by_place(x, y);
}

static int least_first(const void *a, const void *b)
{
	const struct top_row *x = a, *y = b;

	return x->key > y->key ? 1 : x->key < y->key ? -1 : by_place(x, y);
}

static int by_name(const void *a, const void *b)
{
	const struct top_row *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : by_place(x, y);
}

/* Numbers of workers and slots are names: they count up. */
static bool counts_up(const struct column *sort)
{
	return strcmp(sort->name, "worker") == 0 || strcmp(sort->name, "slot") == 0;
}

static void sort_rows(struct top_rows *r)
{
	const struct column *sort = &columns[r->table][r->sort];

	if (r->count)
		qsort(r->row, r->count, sizeof *r->row,
		      sort->kind == TEXT ? by_name
		      : counts_up(sort)  ? least_first
					 : most_first);
}

/* --- widths ----------------------------------------------------------------------------- */

static void measure(struct top_rows *r)
{
	const struct column *all = columns[r->table];

	for (unsigned i = 0; all[i].name; i++) {
		int most = (int)strlen(all[i].name);

		if (most < all[i].width)
			most = all[i].width;
		for (unsigned k = 0; k < r->count; k++) {
			int width = (int)top_width(text_of(&r->row[k], i));

			if (most < width)
				most = width;
		}
		r->width[i] = most;
	}
}

static int total_of(const struct top_rows *r)
{
	int total = -1; /* a blank between two */

	for (unsigned i = 0; columns[r->table][i].name; i++)
		total += r->width[i] ? r->width[i] + 1 : 0;
	return total;
}

/* Spare columns go first, the last one first; then the name is cut. */
static void fit(struct top_rows *r, int room)
{
	const struct column *all = columns[r->table];
	unsigned name = TOP_COLUMNS_MAX, count = 0;
	int whole = 0; /* what a cut name would leave to the others */

	for (; all[count].name; count++)
		if (all[count].room == ROOM_NAME) {
			name = count;
			whole = r->width[name] - NAME_LEAST;
		}
	for (unsigned i = count; i-- > 0 && total_of(r) - whole > room;)
		if (all[i].room == ROOM_SPARE)
			r->width[i] = 0;
	int excess = total_of(r) - room;
	if (name < count && excess > 0)
		r->width[name] -= excess < whole ? excess : whole;
}

void top_rows_collect(struct top_rows *r, struct json_object *root, const struct top_choice *choice)
{
	const struct column *sort =
		find_column(choice->table, choice->sort ? choice->sort : usual[choice->table]);
	struct json_object *list =
		json_object_object_get(root, choice->table == TOP_ROUTES ? "routes" : "workers");

	memset(r, 0, sizeof *r);
	r->table = choice->table;
	r->sort = sort ? (unsigned)(sort - columns[choice->table]) : 0;
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *o = json_object_array_get_idx(list, i);

		if (choice->table == TOP_SLOTS)
			add_slots(r, o);
		else
			add_row(r, o);
	}
	sort_rows(r);
	measure(r);
	if (choice->columns)
		fit(r, (int)choice->columns);
}

void top_rows_free(struct top_rows *r)
{
	free(r->row);
	r->row = NULL;
	r->count = 0;
}

/* --- lines ------------------------------------------------------------------------------ */

/* To the left in a column, its end left out if it must be; nothing pads the last one. */
static void put_name(struct buf *out, const char *text, int width, bool is_last)
{
	int long_is = (int)top_width(text);

	if (long_is > width)
		buf_printf(out, "%.*s~", (int)top_prefix(text, (unsigned)width - 1), text);
	else
		buf_printf(out, "%s%*s", text, is_last ? 0 : width - long_is, "");
}

/*
 * One cell, and the blank before it, which the mark of the column that sorts may take.  There is none
 * before the first one: a mark takes of its width.
 */
static void put_cell(const struct top_rows *r, unsigned i, const char *text, const char *mark,
		     struct buf *out)
{
	const struct column *c = &columns[r->table][i];

	if (r->width[i] == 0)
		return;
	if (c->kind != TEXT) {
		buf_printf(out, "%*s%s%s",
			   r->width[i] + (i > 0) - (int)(strlen(text) + strlen(mark)), "", mark,
			   text);
		return;
	}
	buf_puts(out, *mark ? mark : i == 0 ? "" : " ");
	put_name(out, text, r->width[i] - (i == 0 ? (int)strlen(mark) : 0), !c[1].name);
}

void top_rows_print_head(const struct top_rows *r, struct buf *out)
{
	const struct column *all = columns[r->table];

	for (unsigned i = 0; all[i].name; i++)
		put_cell(r, i, all[i].name, i == r->sort ? "*" : "", out);
}

void top_rows_print(const struct top_rows *r, unsigned row, struct buf *out)
{
	for (unsigned i = 0; columns[r->table][i].name; i++)
		put_cell(r, i, text_of(&r->row[row], i), "", out);
}
