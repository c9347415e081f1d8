/*
 * The configuration file, split by inih.
 *
 * inih (r55) cuts long lines and long section names short without a word, and tells its handler
 * no line numbers.  So the lines are cut and judged here, by the reader inih calls, and sections
 * are followed here too; to inih is left what is a comment, and where a key ends.
 *
 * Runs in: master
 */
#include "conf/inifile.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <unistd.h>

#include "base/reason.h"
#include "conf/foreign.h"
#include "conf/refuse.h"
#include "conf/routes.h"
#include "conf/value.h"

enum section { SECTION_NONE, SECTION_LITTLED, SECTION_ROUTE, SECTIONS };

struct inifile {
	struct conf *conf;
	struct ltd_slice rest; /* what has not been read yet */
	unsigned line;         /* of what was read last; 1 is the first */
	enum section section;  /* SECTION_ROUTE: of the last route */
	bool is_refused;
};

static struct place place_in(const struct inifile *f, const char *key)
{
	return (struct place){ ORIGIN_FILE, f->conf->file, f->line, key };
}

static int refuse_memory(const struct inifile *f)
{
	struct place at = place_in(f, NULL);

	return refuse(&at, "out of memory");
}

/* --- sections ------------------------------------------------------------- */

static int open_littled(struct inifile *f, struct ltd_slice argument)
{
	struct place at = place_in(f, NULL);

	if (argument.len > 0)
		return refuse(&at, "expected [littled] alone");
	f->section = SECTION_LITTLED;
	return 0;
}

static bool is_prefix(struct ltd_slice text)
{
	if (text.len == 0 || text.at[0] != '/')
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (memchr(" \t?#[]", text.at[i], 6))
			return false;
	return true;
}

static int open_route(struct inifile *f, struct ltd_slice prefix)
{
	struct place at = place_in(f, NULL);

	if (!is_prefix(prefix))
		return refuse(&at, "expected [route PREFIX], PREFIX beginning with / and without "
				   "blanks, '?', '#' or brackets");

	const struct route_conf *other = routes_find(f->conf, prefix);
	if (other)
		return refuse(&at, "[route %.*s] is there already, on line %u", (int)prefix.len,
			      prefix.at, other->line);
	if (routes_add(f->conf, prefix, f->line) < 0)
		return refuse_memory(f);
	f->section = SECTION_ROUTE;
	return 0;
}

static const struct {
	const char *word;
	int (*open)(struct inifile *f, struct ltd_slice argument);
} section_kinds[] = {
	{ "littled", open_littled },
	{ "route", open_route },
};

static int refuse_section(struct inifile *f, struct ltd_slice word, struct ltd_slice argument)
{
	char typed[VARIABLE_BYTES] = "";
	struct place at = place_in(f, NULL);
	struct nearest n;

	if (word.len < sizeof typed)
		memcpy(typed, word.at, word.len);
	nearest_init(&n, typed);
	nearest_try(&n, section_kinds[0].word);
	nearest_try(&n, section_kinds[1].word);
	if (!n.best)
		return refuse(&at, "unknown section [%.*s]; expected [littled] or [route PREFIX]",
			      (int)word.len, word.at);
	return refuse(&at, "unknown section [%s]; did you mean [%s%s%.*s]?", typed, n.best,
		      argument.len ? " " : "", (int)argument.len, argument.at);
}

/* `line` begins with '['. */
static int open_section(struct inifile *f, struct ltd_slice line)
{
	struct place at = place_in(f, NULL);

	if (line.at[line.len - 1] != ']')
		return refuse(&at, "expected ] at the end of the line");

	struct ltd_slice word = slice_trim(slice_of(line.at + 1, line.len - 2));
	size_t len = 0;
	while (len < word.len && word.at[len] != ' ' && word.at[len] != '\t')
		len++;

	struct ltd_slice argument = slice_trim(slice_of(word.at + len, word.len - len));
	word.len = len;
	for (size_t i = 0; i < sizeof section_kinds / sizeof *section_kinds; i++)
		if (slice_eq(word, slice_of_string(section_kinds[i].word)))
			return section_kinds[i].open(f, argument);
	return refuse_section(f, word, argument);
}

/* --- keys ----------------------------------------------------------------- */

static int refuse_key(struct inifile *f, const char *key)
{
	struct place at = place_in(f, NULL);
	const char *advice = foreign_name(key);
	struct nearest n;

	if (advice)
		return refuse(&at, "unknown key %s; %s", key, advice);
	nearest_init(&n, key);
	for (unsigned id = 0; id < OPTIONS; id++)
		nearest_try(&n, option_rows[id].name);
	return refuse_unknown(&at, "key", &n, "");
}

static int take_outside(struct inifile *f, const char *key, const char *value)
{
	struct place at = place_in(f, key);

	(void)value;
	return refuse(&at, "stands before any section; expected [littled] first");
}

static int take_option(struct inifile *f, const char *key, const char *value)
{
	struct place at = place_in(f, key);
	struct option_origin from = { .origin = ORIGIN_FILE, .line = f->line };
	struct options *o = f->conf->options;
	enum option_id id = option_find(key);

	if (id == OPTIONS)
		return refuse_key(f, key);
	if (o->from[id].origin == ORIGIN_FILE && !option_is_repeatable(id))
		return refuse(&at, "given twice; first on line %u", o->from[id].line);

	int error = options_set(o, id, value, from);
	return error ? refuse_option(&at, value, id, error) : 0;
}

static int take_app(struct inifile *f, struct route_conf *route, const char *app)
{
	struct place at = place_in(f, "app");

	if (route->app)
		return refuse(&at, "given twice in [route %s]", route->prefix);
	if (!*app)
		return refuse(&at, "expected a built-in app's name or the path of a shared object");
	return route_set_app(route, app) < 0 ? refuse_memory(f) : 0;
}

static int take_route_key(struct inifile *f, const char *key, const char *value)
{
	struct place at = place_in(f, key);
	struct route_conf *route = &f->conf->routes[f->conf->route_count - 1];

	if (strcmp(key, "app") == 0)
		return take_app(f, route, value);

	const struct route_setting *other = route_find_setting(route, key);
	if (other)
		return refuse(&at, "given twice; first on line %u", other->line);
	return route_add_setting(route, key, value, f->line) < 0 ? refuse_memory(f) : 0;
}

static int (*const takers[SECTIONS])(struct inifile *, const char *key, const char *value) = {
	[SECTION_NONE] = take_outside,
	[SECTION_LITTLED] = take_option,
	[SECTION_ROUTE] = take_route_key,
};

/* inih's handler: 1 is success. */
static int take_key(void *arg, const char *section, const char *key, const char *value)
{
	struct inifile *f = arg;
	struct place at = place_in(f, key);

	(void)section;
	if (f->is_refused)
		return 0;
	if (strlen(value) <= VALUE_BYTES_MAX)
		f->is_refused = takers[f->section](f, key, value) < 0;
	else
		f->is_refused = refuse_value(&at, value, VALUE_TOO_LONG, VALUE_BYTES_MAX) < 0;
	return !f->is_refused;
}

/* --- lines ---------------------------------------------------------------- */

/* `room` is inih's; it is never less than our own limit, but it is inih that says so. */
static int judge_line(struct inifile *f, struct ltd_slice line, size_t room)
{
	struct place at = place_in(f, NULL);
	struct ltd_slice text = slice_trim(line);

	if (line.len > INIFILE_LINE_BYTES_MAX || line.len >= room)
		return refuse(&at, "the line is longer than %d bytes", INIFILE_LINE_BYTES_MAX);
	if (!value_is_printable(line))
		return refuse(&at, "a control byte in the line");
	if (text.len == 0 || text.at[0] == '#' || text.at[0] == ';')
		return 0;
	if (text.at != line.at)
		return refuse(&at, "the line is indented; there are no continuation lines");
	if (text.at[0] == '[')
		return open_section(f, text);
	if (text.at[0] == '=' || text.at[0] == ':' ||
	    (!memchr(text.at, '=', text.len) && !memchr(text.at, ':', text.len)))
		return refuse(&at, "expected key = value or [section]");
	return 0;
}

/* inih's reader, in the manner of fgets(3). */
static char *read_line(char *to, int size, void *arg)
{
	struct inifile *f = arg;
	struct ltd_slice line;

	if (f->is_refused || !slice_cut(&f->rest, '\n', &line))
		return NULL;
	f->line++;
	if (line.len > 0 && line.at[line.len - 1] == '\r')
		line.len--;
	if (judge_line(f, line, (size_t)size) < 0) {
		f->is_refused = true;
		return NULL;
	}
	memcpy(to, line.at, line.len);
	to[line.len] = '\0';
	return to;
}

static void set_up_inih(void)
{
	ini_use_stack = false;
	ini_allow_realloc = false;
	ini_max_line = ini_initial_alloc = INIFILE_LINE_BYTES_MAX + 3;
	ini_allow_multiline = false;
	ini_allow_inline_comments = false; /* a log format may hold " ;" */
	ini_allow_no_value = false;
}

static void skip_byte_order_mark(struct ltd_slice *text)
{
	if (slice_starts_with(*text, LTD_SLICE("\xef\xbb\xbf")))
		*text = slice_of(text->at + 3, text->len - 3);
}

static int check_apps(struct inifile *f)
{
	for (size_t i = 0; i < f->conf->route_count; i++) {
		const struct route_conf *route = &f->conf->routes[i];
		struct place at = place_in(f, NULL);

		at.line = route->line;
		if (!route->app)
			return refuse(&at, "[route %s] has no app", route->prefix);
	}
	return 0;
}

static int parse(struct conf *c, struct ltd_slice text)
{
	struct inifile f = { .conf = c, .rest = text };
	struct place at = { ORIGIN_FILE, c->file, 0, NULL };

	skip_byte_order_mark(&f.rest);
	set_up_inih();

	int bad_line = ini_parse_stream(read_line, &f, take_key, &f);
	if (f.is_refused)
		return -1;
	if (bad_line > 0) {
		at.line = (unsigned)bad_line;
		return refuse(&at, "expected key = value or [section]");
	}
	if (bad_line < 0)
		return refuse(&at, "out of memory");
	return check_apps(&f);
}

/* --- the file ------------------------------------------------------------- */

#define READ_BYTES 4096

static int read_all(int fd, struct buf *to)
{
	ssize_t got;

	do {
		if (buf_reserve(to, READ_BYTES) < 0)
			return -EFBIG;
		got = read(fd, to->at + to->len, to->cap - to->len);
		if (got > 0)
			to->len += (size_t)got;
	} while (got > 0 || (got < 0 && errno == EINTR));
	return got < 0 ? -errno : 0;
}

static int read_file(const char *path, struct buf *to)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;

	int error = read_all(fd, to);
	close(fd);
	return error;
}

int inifile_apply(struct conf *c)
{
	struct place at = { ORIGIN_FILE, c->file, 0, NULL };
	char why[REASON_BYTES];
	struct buf text;

	buf_init(&text, INIFILE_BYTES_MAX + READ_BYTES);
	int error = read_file(c->file, &text);
	if (error < 0)
		error = refuse(&at, "cannot read the configuration: %s",
			       reason_of_path(c->file, error, why, sizeof why));
	else
		error = parse(c, buf_slice(&text));
	buf_fini(&text);
	return error;
}
