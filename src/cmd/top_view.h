/*
 * What `littled top` shows: lines of text with a style each, made from the statistics document.
 * Pure: the same lines go to a terminal, or with --once to standard output.
 */
#ifndef CMD_TOP_VIEW_H
#define CMD_TOP_VIEW_H

#include "base/buf.h"

enum top_table { TOP_ROUTES, TOP_SLOTS, TOP_WORKERS, TOP_TABLE_COUNT };
extern const char *const top_table_names[TOP_TABLE_COUNT];

/* STYLE_GRID: a cell a character, coloured by what it is. */
enum top_style {
	STYLE_PLAIN,
	STYLE_TITLE,
	STYLE_SENTENCE,
	STYLE_HEAD,
	STYLE_DIM,
	STYLE_HOT,
	STYLE_GRID
};

/* A request is old, a worker hangs: after so many seconds. */
#define TOP_OLD_S 10
#define TOP_HANGS_S 2

#define TOP_LINES_MAX 4096

struct top_view {
	struct buf text; /* lines, each ended by a NUL */
	struct top_line {
		size_t at;
		enum top_style style;
	} line[TOP_LINES_MAX];
	unsigned count;
	unsigned fixed; /* so many lines stay when the rest scrolls */
};

struct top_choice {
	enum top_table table;
	const char *sort; /* a column of the table, or NULL: its usual one */
	unsigned columns; /* of the terminal; 0: no bound, nothing is cut */
};

void top_view_init(struct top_view *v);
void top_view_fini(struct top_view *v);

/* 0, or -EINVAL with a sentence in `why`: this is no statistics document. */
int top_view_make(struct top_view *v, const char *json, size_t len, const struct top_choice *choice,
		  struct buf *why);

const char *top_view_line(const struct top_view *v, unsigned i);

/* What `?` shows: so many lines. */
extern const char *const top_help[];
extern const unsigned top_help_count;

/* How many columns a text takes, and how many bytes of it fit into so many (UTF-8). */
unsigned top_width(const char *text);
size_t top_prefix(const char *text, unsigned columns);

/*
 * The column to sort by after this one (NULL: the first),
 * round and round; NULL if there is no such.
 */
const char *top_next_sort(enum top_table table, const char *sort);
bool top_can_sort(enum top_table table, const char *sort);

/* Appends the names of a table's columns, in its order: "worker, slot, ...". */
void top_put_columns(enum top_table table, struct buf *out);

/* The grid's characters: idle, busy for under and over a second, for over ten, written off. */
#define TOP_CELLS ".oO@X"

#endif
