/* Drawing with ncurses.  Runs in: the command's process. */
#include "cmd/top_screen.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <curses.h>
#include <term.h>

#define KEY_CTRL_C 3

/* With fewer lines for what scrolls, all of it does. */
#define ROOM_LEAST 4

enum pair { PAIR_GOOD = 1, PAIR_WARM, PAIR_HOT, PAIR_HEAD };

/* newterm() draws on a terminal that cannot, too, but that is no sight. */
static bool can_move_cursor(void)
{
	int error;

	if (setupterm(NULL, STDOUT_FILENO, &error) == ERR)
		return false;
	bool can = cursor_address != NULL;
	del_curterm(cur_term);
	return can;
}

/* Ctrl-C is a key like q: else the library's handler ends us, as a failure. */
static void take_interrupts(void)
{
	struct termios t;

	if (tcgetattr(STDIN_FILENO, &t))
		return;
	t.c_cc[VINTR] = _POSIX_VDISABLE;
	if (tcsetattr(STDIN_FILENO, TCSANOW, &t) == 0)
		def_prog_mode();
}

int screen_open(void)
{
	setlocale(LC_ALL, "");
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return -ENOTTY;
	if (!can_move_cursor() || !newterm(NULL, stdout, stdin))
		return -ENOTSUP;
	cbreak();
	take_interrupts();
	noecho();
	curs_set(0);
	keypad(stdscr, TRUE);
	if (has_colors()) {
		start_color();
		use_default_colors();
		init_pair(PAIR_GOOD, COLOR_GREEN, -1);
		init_pair(PAIR_WARM, COLOR_YELLOW, -1);
		init_pair(PAIR_HOT, COLOR_RED, -1);
		init_pair(PAIR_HEAD, COLOR_BLACK, COLOR_CYAN);
	}
	return 0;
}

/* Where there is no second screen to leave, what is typed next stands on a line of its own. */
void screen_close(void)
{
	move(LINES - 1, 0);
	clrtoeol();
	refresh();
	endwin();
}

static chtype attribute_of(enum top_style style)
{
	switch (style) {
	case STYLE_TITLE:
		return A_BOLD;
	case STYLE_SENTENCE:
		return A_BOLD | (chtype)COLOR_PAIR(PAIR_GOOD);
	case STYLE_HEAD:
		return (chtype)COLOR_PAIR(PAIR_HEAD) | A_BOLD;
	case STYLE_HOT:
		return A_BOLD | (chtype)COLOR_PAIR(PAIR_HOT);
	case STYLE_DIM:
		return A_DIM;
	default:
		return A_NORMAL;
	}
}

static chtype attribute_of_cell(char cell)
{
	static const chtype hot[] = { A_DIM, 0, 0, 0, A_BOLD };
	static const short pair[] = { 0, PAIR_GOOD, PAIR_WARM, PAIR_HOT, PAIR_HOT };
	const char *at = strchr(TOP_CELLS, cell);

	return cell && at ? hot[at - TOP_CELLS] | (chtype)COLOR_PAIR(pair[at - TOP_CELLS])
			  : A_NORMAL;
}

static void draw_line(int y, const struct top_view *v, unsigned i)
{
	const char *text = top_view_line(v, i);
	enum top_style style = v->line[i].style;

	move(y, 0);
	if (style != STYLE_GRID) {
		attrset((int)attribute_of(style));
		addnstr(text, (int)top_prefix(text, (unsigned)COLS));
	} else {
		for (int x = 0; text[x] && x < COLS; x++)
			addch((chtype)(unsigned char)text[x] | attribute_of_cell(text[x]));
	}
	attrset(A_NORMAL);
}

static unsigned fixed_of(const struct top_view *v)
{
	return (int)v->fixed + ROOM_LEAST < LINES ? v->fixed : 0;
}

static void put_foot(const char *text)
{
	attrset((int)A_REVERSE);
	mvaddnstr(LINES - 1, 0, text, COLS);
	attrset(A_NORMAL);
}

void screen_draw(const struct top_view *v, unsigned scroll, const char *status)
{
	unsigned fixed = fixed_of(v);
	int y = 0;

	erase();
	for (unsigned i = 0; i < fixed; i++)
		draw_line(y++, v, i);
	for (unsigned i = fixed + scroll; i < v->count && y < LINES - 1; i++)
		draw_line(y++, v, i);
	put_foot(status);
	refresh();
}

void screen_draw_help(void)
{
	erase();
	for (unsigned i = 0; i < top_help_count && (int)i < LINES - 1; i++)
		mvaddnstr((int)i, 1, top_help[i], COLS - 1);
	put_foot(" any key goes back");
	refresh();
}

unsigned screen_columns(void)
{
	return (unsigned)COLS;
}

unsigned screen_page(const struct top_view *v)
{
	int room = LINES - 1 - (int)fixed_of(v);

	return room > 1 ? (unsigned)room : 1;
}

unsigned screen_scroll_max(const struct top_view *v)
{
	unsigned rows = v->count - fixed_of(v), page = screen_page(v);

	return rows > page ? rows - page : 0;
}

enum top_key screen_key(int ms)
{
	static const struct {
		int code;
		enum top_key key;
	} keys[] = {
		{ KEY_CTRL_C, TOP_KEY_QUIT },
		{ 'q', TOP_KEY_QUIT },
		{ 'r', TOP_KEY_ROUTES },
		{ 's', TOP_KEY_SLOTS },
		{ 'w', TOP_KEY_WORKERS },
		{ 'o', TOP_KEY_SORT },
		{ '1', TOP_KEY_WINDOW_1 },
		{ '2', TOP_KEY_WINDOW_10 },
		{ '3', TOP_KEY_WINDOW_60 },
		{ 'p', TOP_KEY_PAUSE },
		{ ' ', TOP_KEY_PAUSE },
		{ '?', TOP_KEY_HELP },
		{ 'h', TOP_KEY_HELP },
		{ KEY_HOME, TOP_KEY_HOME },
		{ 'g', TOP_KEY_HOME },
		{ 'k', TOP_KEY_LINE_UP },
		{ 'j', TOP_KEY_LINE_DOWN },
		{ KEY_UP, TOP_KEY_LINE_UP },
		{ KEY_DOWN, TOP_KEY_LINE_DOWN },
		{ KEY_PPAGE, TOP_KEY_PAGE_UP },
		{ KEY_NPAGE, TOP_KEY_PAGE_DOWN },
	};

	timeout(ms);
	int code = getch();
	if (code == ERR)
		return TOP_KEY_NOTHING;
	for (unsigned i = 0; i < sizeof keys / sizeof *keys; i++)
		if (keys[i].code == code)
			return keys[i].key;
	return TOP_KEY_REDRAW;
}
