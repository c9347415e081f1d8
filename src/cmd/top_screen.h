/* The terminal `littled top` draws on, by ncurses. */
#ifndef CMD_TOP_SCREEN_H
#define CMD_TOP_SCREEN_H

#include "cmd/top_view.h"

enum top_key {
	TOP_KEY_NOTHING, /* time is up */
	TOP_KEY_QUIT,
	TOP_KEY_ROUTES,
	TOP_KEY_SLOTS,
	TOP_KEY_WORKERS,
	TOP_KEY_SORT,
	TOP_KEY_WINDOW_1,
	TOP_KEY_WINDOW_10,
	TOP_KEY_WINDOW_60,
	TOP_KEY_PAUSE,
	TOP_KEY_HELP,
	TOP_KEY_HOME,
	TOP_KEY_LINE_UP,
	TOP_KEY_LINE_DOWN,
	TOP_KEY_PAGE_UP,
	TOP_KEY_PAGE_DOWN,
	TOP_KEY_REDRAW,
};

/* 0, -ENOTTY, or -ENOTSUP: a terminal that cannot move its cursor, or of a type nobody knows. */
int screen_open(void);
void screen_close(void);

/*
 * Lines that do not scroll, then those from `scroll` on, and `status` at the foot.  Where those
 * that do not scroll would leave no room for others, all do.
 */
void screen_draw(const struct top_view *v, unsigned scroll, const char *status);

/* The lines of help. */
void screen_draw_help(void);

unsigned screen_columns(void);

/* The next key within `ms`. */
enum top_key screen_key(int ms);

/* How many lines scroll at once, and by how many they can be scrolled at most. */
unsigned screen_page(const struct top_view *v);
unsigned screen_scroll_max(const struct top_view *v);

#endif
