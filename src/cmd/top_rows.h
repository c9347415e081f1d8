/* The tables of `littled top`: their columns, rows and orders. */
#ifndef CMD_TOP_ROWS_H
#define CMD_TOP_ROWS_H

#include <json-c/json.h>

#include "cmd/top_view.h"

struct top_cell {
	char text[24];
};

struct top_row {
	double key;    /* rows with more of it come first */
	char name[40]; /* or, for columns that are names, by this */
	char text[256];
};

struct top_rows {
	struct top_row head, *row;
	unsigned count;
};

/* Empty when memory is short. */
void top_rows_collect(struct top_rows *r, struct json_object *root, const struct top_choice *choice);
void top_rows_free(struct top_rows *r);

/* Of the document: a number (0 when it is not there), a text ("-"), a duration for people. */
double top_number(struct json_object *o, const char *path);
const char *top_text(struct json_object *o, const char *path);
const char *top_time(double s, struct top_cell *cell);

#endif
