/* The tables of `littled top`: their columns, rows and orders. */
#ifndef CMD_TOP_ROWS_H
#define CMD_TOP_ROWS_H

#include <json-c/json.h>

#include "cmd/top_view.h"

#define TOP_COLUMNS_MAX 12

struct top_cell {
	char text[24];
};

struct top_row {
	bool is_hot;      /* deserves a look */
	double key;       /* rows with more of it come first */
	const char *name; /* or, for columns that are names, by this */
	struct top_cell cell[TOP_COLUMNS_MAX];
	const char *text[TOP_COLUMNS_MAX]; /* the document's; NULL: the cell has it */
};

struct top_rows {
	enum top_table table;
	unsigned sort;              /* the column they are sorted by */
	int width[TOP_COLUMNS_MAX]; /* of each column; 0: left out */
	struct top_row *row;
	unsigned count;
};

/*
 * Empty when memory is short.  The document must outlive the rows.  Columns are as wide as their
 * longest cell, and fit into `choice->columns` if they can: a name is cut, a column that says
 * little left out.
 */
void top_rows_collect(struct top_rows *r, struct json_object *root, const struct top_choice *choice);
void top_rows_free(struct top_rows *r);

/* Appends a line. */
void top_rows_print_head(const struct top_rows *r, struct buf *out);
void top_rows_print(const struct top_rows *r, unsigned row, struct buf *out);

/* Of the document: a number (0 when it is not there), a text ("-"), a duration for people. */
double top_number(struct json_object *o, const char *path);
const char *top_text(struct json_object *o, const char *path);
const char *top_time(double s, struct top_cell *cell);

#endif
