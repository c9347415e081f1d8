/* Rows for `littled top`, from tables of columns.  Runs in: the command's process. */
#include "cmd/top_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { TEXT, COUNT, RATE, TIME, PERCENT };

/* A column: its name, where its value stands in a row's object, how wide and of what kind it is. */
static const struct column {
	const char *name, *path;
	int width; /* negative: to the left */
	enum kind kind;
} columns[TOP_TABLE_COUNT][12] = {
	[TOP_ROUTES] = {
		{ "route", "route", -24, TEXT },
		{ "class", "class", -7, TEXT },
		{ "rate", "rate", 9, RATE },
		{ "wait", "wait.mean_s", 8, TIME },
		{ "w.p50", "wait.p50_s", 8, TIME },
		{ "w.p99", "wait.p99_s", 8, TIME },
		{ "service", "service.mean_s", 8, TIME },
		{ "s.p50", "service.p50_s", 8, TIME },
		{ "s.p99", "service.p99_s", 8, TIME },
		{ "cpu", "cpu_share", 6, PERCENT },
		{ "errors", "errors", 7, COUNT },
	},
	[TOP_SLOTS] = {
		{ "worker", "worker", 6, COUNT },
		{ "slot", "slot", 5, COUNT },
		{ "state", "state", -11, TEXT },
		{ "age", "age_s", 8, TIME },
		{ "served", "served", 10, COUNT },
		{ "thread", "thread_id", 8, COUNT },
		{ "route", "route", -24, TEXT },
	},
	[TOP_WORKERS] = {
		{ "worker", "worker", 6, COUNT },
		{ "pid", "pid", 8, COUNT },
		{ "state", "state", -9, TEXT },
		{ "up", "uptime_s", 8, TIME },
		{ "beat", "heartbeat_age_s", 8, TIME },
		{ "free", "free_slots", 5, COUNT },
		{ "queued", "queued", 7, COUNT },
		{ "in flight", "in_flight", 9, COUNT },
		{ "served", "served", 10, COUNT },
		{ "moved in", "moves_in", 9, COUNT },
		{ "moved out", "moves_out", 9, COUNT },
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

const char *top_next_sort(enum top_table table, const char *sort)
{
	const struct column *c = find_column(table, sort ? sort : usual[table]);

	if (!c)
		return NULL;
	return c[1].name ? c[1].name : columns[table][0].name;
}

static void add_cell(struct top_row *row, size_t *len, const char *text, int width)
{
	int n = snprintf(row->text + *len, sizeof row->text - *len, "%s%*s", *len ? " " : "", width,
			 text);

	if (n > 0 && *len + (size_t)n < sizeof row->text)
		*len += (size_t)n;
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

static void fill_row(struct top_row *row, enum top_table table, struct json_object *o,
		     const struct column *sort)
{
	size_t len = 0;

	for (const struct column *c = columns[table]; c->name; c++) {
		struct top_cell cell;

		add_cell(row, &len, print_value(c, o, &cell), c->width);
	}
	if (sort->kind == TEXT)
		snprintf(row->name, sizeof row->name, "%s", top_text(o, sort->path));
	else
		row->key = top_number(o, sort->path);
}

static void fill_head(struct top_row *row, enum top_table table, const struct column *sort)
{
	size_t len = 0;

	for (const struct column *c = columns[table]; c->name; c++) {
		char name[32];

		snprintf(name, sizeof name, "%s%s", c == sort ? "*" : "", c->name);
		add_cell(row, &len, name, c->width);
	}
}

static void add_row(struct top_rows *r, enum top_table table, struct json_object *o,
		    const struct column *sort)
{
	struct top_row *more = realloc(r->row, (r->count + 1) * sizeof *more);

	if (!more)
		return;
	r->row = more;
	memset(&more[r->count], 0, sizeof *more);
	fill_row(&more[r->count++], table, o, sort);
}

/* A slot's object does not say whose it is. */
static void add_slots(struct top_rows *r, struct json_object *worker, const struct column *sort)
{
	struct json_object *slots = json_object_object_get(worker, "slots");
	int number = (int)top_number(worker, "worker");

	for (size_t i = 0; i < json_object_array_length(slots); i++) {
		struct json_object *slot = json_object_array_get_idx(slots, i);

		json_object_object_add(slot, "worker", json_object_new_int(number));
		json_object_object_add(slot, "slot", json_object_new_int((int)i));
		add_row(r, TOP_SLOTS, slot, sort);
	}
}

static int most_first(const void *a, const void *b)
{
	const struct top_row *x = a, *y = b;

	return x->key < y->key ? 1 : x->key > y->key ? -1 : strcmp(x->text, y->text);
}

/* Numbers stand to the right in their columns, so that they count up as texts. */
static int by_name(const void *a, const void *b)
{
	const struct top_row *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : strcmp(x->text, y->text);
}

/* Numbers of workers and slots are names: they count up. */
static bool counts_up(const struct column *sort)
{
	return sort->kind == TEXT || strcmp(sort->name, "worker") == 0 ||
	       strcmp(sort->name, "slot") == 0;
}

void top_rows_collect(struct top_rows *r, struct json_object *root, const struct top_choice *choice)
{
	const struct column *sort =
		find_column(choice->table, choice->sort ? choice->sort : usual[choice->table]);
	struct json_object *list =
		json_object_object_get(root, choice->table == TOP_ROUTES ? "routes" : "workers");

	memset(r, 0, sizeof *r);
	if (!sort)
		sort = columns[choice->table];
	fill_head(&r->head, choice->table, sort);
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *o = json_object_array_get_idx(list, i);

		if (choice->table == TOP_SLOTS)
			add_slots(r, o, sort);
		else
			add_row(r, choice->table, o, sort);
	}
	if (r->count)
		qsort(r->row, r->count, sizeof *r->row, counts_up(sort) ? by_name : most_first);
}

void top_rows_free(struct top_rows *r)
{
	free(r->row);
	r->row = NULL;
	r->count = 0;
}
