/* `littled top`: looks again and again, and draws.  Runs in: its own process, one thread. */
#include "cmd/top.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cmd/source.h"
#include "cmd/top_options.h"
#include "cmd/top_screen.h"

#define JSON_MAX (64u << 20)
#define WHY_MAX 1024
#define USAGE_MAX 16384

enum { EXIT_SHOWN, EXIT_NO_SERVER, EXIT_USAGE };

struct top {
	struct top_options o;
	struct source source;
	struct buf json, why;
	struct top_view view;
	unsigned scroll;
	bool is_paused, is_help;
};

static int complain(const struct buf *why, int status)
{
	fprintf(stderr, "littled top: %.*s\n", (int)why->len, why->at ? why->at : "");
	return status;
}

static int look(struct top *t)
{
	buf_reset(&t->json);
	int error = source_read(&t->source, t->o.window_s, &t->json, &t->why);

	if (!error)
		error = top_view_make(&t->view, t->json.at, t->json.len, &t->o.choice, &t->why);
	return error;
}

static int show_once(struct top *t)
{
	if (look(t))
		return complain(&t->why, EXIT_NO_SERVER);
	if (t->o.json)
		fwrite(t->json.at, 1, t->json.len, stdout); /* main() looks at its fate */
	for (unsigned i = 0; i < t->view.count && !t->o.json; i++)
		puts(top_view_line(&t->view, i));
	return EXIT_SHOWN;
}

static void scroll_by(struct top *t, int lines)
{
	long to = (long)t->scroll + lines, most = screen_scroll_max(&t->view);

	t->scroll = (unsigned)(to < 0 ? 0 : to > most ? most : to);
}

static void show_table(struct top *t, enum top_table table)
{
	t->o.choice = (struct top_choice){ .table = table };
	t->scroll = 0;
}

/* False: leave. */
static bool obey(struct top *t, enum top_key key)
{
	int page = (int)screen_page(&t->view);

	switch (key) {
	case TOP_KEY_QUIT:
		return false;
	case TOP_KEY_ROUTES:
	case TOP_KEY_SLOTS:
	case TOP_KEY_WORKERS:
		show_table(t, (enum top_table)(key - TOP_KEY_ROUTES));
		break;
	case TOP_KEY_SORT:
		t->o.choice.sort = top_next_sort(t->o.choice.table, t->o.choice.sort);
		break;
	case TOP_KEY_WINDOW_1:
		t->o.window_s = 1;
		break;
	case TOP_KEY_WINDOW_10:
		t->o.window_s = 10;
		break;
	case TOP_KEY_WINDOW_60:
		t->o.window_s = 60;
		break;
	case TOP_KEY_HELP:
		t->is_help = true;
		break;
	case TOP_KEY_HOME:
		t->scroll = 0;
		break;
	case TOP_KEY_PAUSE:
		t->is_paused = !t->is_paused;
		break;
	case TOP_KEY_LINE_UP:
	case TOP_KEY_LINE_DOWN:
		scroll_by(t, key == TOP_KEY_LINE_UP ? -1 : 1);
		break;
	case TOP_KEY_PAGE_UP:
	case TOP_KEY_PAGE_DOWN:
		scroll_by(t, key == TOP_KEY_PAGE_UP ? -page : page);
		break;
	case TOP_KEY_NOTHING:
	case TOP_KEY_REDRAW:
		break;
	}
	return true;
}

static void draw(const struct top *t)
{
	char status[160];

	if (t->is_help) {
		screen_draw_help();
		return;
	}
	snprintf(
		status, sizeof status,
		" r routes  s slots  w workers  o sort  1 2 3 last %u s  p pause%s  ? help  q quit",
		t->o.window_s, t->is_paused ? "d" : "");
	screen_draw(&t->view, t->scroll, t->why.len ? t->why.at : status);
}

/* A listener may be away for a while, once it has answered; a board goes with its server for good. */
static int look_again(struct top *t)
{
	bool has_view = t->view.count;

	buf_reset(&t->why);
	t->o.choice.columns = screen_columns();
	int error = look(t);
	if (!error || !t->o.url || !has_view)
		return error;
	buf_append(&t->why, "", 1);
	return 0;
}

/* A key, within the time until the next look; the answer to one is seen at once.  False: leave. */
static bool obey_next(struct top *t, uint64_t *next_ns)
{
	uint64_t now_ns = clock_mono_ns();
	int ms = *next_ns > now_ns ? (int)((*next_ns - now_ns) / NS_PER_MS) + 1 : 100;
	enum top_key key = screen_key(ms);

	if (key != TOP_KEY_NOTHING && !t->is_paused)
		*next_ns = 0;
	if (key != TOP_KEY_NOTHING && t->is_help) {
		t->is_help = false;
		return true;
	}
	return obey(t, key);
}

static int show_live(struct top *t)
{
	uint64_t interval_ns = t->o.interval_ms * NS_PER_MS, next_ns = 0;
	bool goes_on = true;

	while (goes_on && !source_is_over(&t->source)) {
		uint64_t now_ns = clock_mono_ns();

		if (now_ns >= next_ns && !t->is_paused) {
			next_ns = now_ns + interval_ns;
			if (look_again(t))
				return -EIO;
		}
		draw(t);
		goes_on = obey_next(t, &next_ns);
	}
	if (goes_on)
		buf_puts(&t->why, "the server has ended");
	return goes_on ? -EIO : 0;
}

static int show(struct top *t)
{
	if (t->o.once || t->o.json)
		return show_once(t);
	int error = screen_open();
	if (error) {
		buf_puts(&t->why, error == -ENOTSUP ? "this terminal (TERM) cannot be drawn on"
						    : "this is no terminal");
		buf_puts(&t->why, "; --once prints text, --json the document");
		return complain(&t->why, EXIT_USAGE);
	}
	error = show_live(t);
	screen_close();
	return error ? complain(&t->why, EXIT_NO_SERVER) : EXIT_SHOWN;
}

static int run(struct top *t)
{
	if (source_open(&t->source, &t->o.instance, t->o.url, &t->why))
		return complain(&t->why, EXIT_NO_SERVER);
	buf_init(&t->json, JSON_MAX);
	top_view_init(&t->view);
	int status = show(t);
	top_view_fini(&t->view);
	buf_fini(&t->json);
	source_close(&t->source);
	return status;
}

static int print_usage(void)
{
	struct buf out;

	buf_init(&out, USAGE_MAX);
	top_put_usage(&out);
	bool is_lost = out.is_short || fwrite(out.at, 1, out.len, stdout) < out.len;
	buf_fini(&out);
	return is_lost ? EXIT_NO_SERVER : EXIT_SHOWN;
}

int top_main(int argc, char **argv)
{
	static struct top t; /* large */
	int status;

	buf_init(&t.why, WHY_MAX);
	if (top_options_parse(&t.o, argc, argv, &t.why))
		status = complain(&t.why, EXIT_USAGE);
	else if (t.o.help)
		status = print_usage();
	else
		status = run(&t);
	buf_fini(&t.why);
	return status;
}
