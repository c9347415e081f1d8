/*
 * Saying no, in one line and one write.
 *
 * Runs in: master
 */
#include "conf/refuse.h"

#include <errno.h>
#include <stdio.h>

#include "conf/cli.h"

#define LINE_BYTES_MAX 4096
#define VALUE_SHOWN_MAX 100

static void say_on_stderr(const char *line)
{
	fprintf(stderr, "littled: %s\n", line);
}

static void (*say)(const char *line) = say_on_stderr;

void refuse_through(void (*other)(const char *line))
{
	say = other;
}

/* Whatever was in a file, a variable or an argument, the line stays one line. */
static void put_line(const struct buf *text)
{
	struct buf line;

	buf_init(&line, 4 * LINE_BYTES_MAX + 1);
	for (size_t i = 0; i < text->len; i++) {
		unsigned char c = (unsigned char)text->at[i];

		if (c < ' ' || c == 0x7f)
			buf_printf(&line, "\\x%02x", c);
		else
			buf_append(&line, &c, 1);
	}
	buf_append(&line, "", 1);
	say(line.at);
	buf_fini(&line);
}

static void put_place(const struct place *at, struct buf *to)
{
	if (at->origin == ORIGIN_CMD_ARGS)
		buf_puts(to, VARIABLE_CMD_ARGS ": ");
	if (at->origin != ORIGIN_FILE)
		return;
	buf_puts(to, at->file);
	if (at->line)
		buf_printf(to, ":%u", at->line);
	buf_puts(to, ": ");
}

static int vrefuse(const struct place *at, const char *value, const char *format, va_list args)
{
	struct buf text;

	buf_init(&text, LINE_BYTES_MAX);
	put_place(at, &text);
	if (at->name)
		buf_printf(&text, "%.*s", VALUE_SHOWN_MAX, at->name);
	if (at->name && value)
		buf_printf(&text, "%s%.*s%s", at->origin == ORIGIN_FILE ? " = " : "=",
			   VALUE_SHOWN_MAX, value, strlen(value) > VALUE_SHOWN_MAX ? "..." : "");
	if (at->name)
		buf_puts(&text, ": ");
	buf_vprintf(&text, format, args);
	put_line(&text);
	buf_fini(&text);
	return -1;
}

int refuse(const struct place *at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vrefuse(at, NULL, format, args);
	va_end(args);
	return -1;
}

int refuse_value(const struct place *at, const char *value, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vrefuse(at, value, format, args);
	va_end(args);
	return -1;
}

int refuse_option(const struct place *at, const char *value, enum option_id id, int error)
{
	struct buf expected;

	if (error == -ENOMEM)
		return refuse(at, "out of memory");
	if (strlen(value) > VALUE_BYTES_MAX)
		return refuse_value(at, value, VALUE_TOO_LONG, VALUE_BYTES_MAX);
	buf_init(&expected, LINE_BYTES_MAX);
	option_print_expected(id, &expected);
	refuse_value(at, value, "expected %.*s", (int)expected.len, expected.at);
	buf_fini(&expected);
	return -1;
}

int refuse_unknown(const struct place *at, const char *kind, const struct nearest *n,
		   const char *prefix)
{
	if (!n->best)
		return refuse(at, "unknown %s %.*s", kind, VALUE_SHOWN_MAX, n->typed);
	return refuse(at, "unknown %s %.*s; did you mean %s%s?", kind, VALUE_SHOWN_MAX, n->typed,
		      prefix, n->best);
}

void warn_unknown_variable(const char *variable, const char *nearest)
{
	struct place at = { .origin = ORIGIN_ENVIRONMENT, .name = variable };

	if (nearest)
		refuse(&at, "unknown variable, ignored; did you mean %s%s?", VARIABLE_PREFIX,
		       nearest);
	else
		refuse(&at, "unknown variable, ignored");
}
