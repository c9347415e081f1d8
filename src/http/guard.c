/* Lines of framing, and chunk extensions.  Runs in: leader. */
#include "http/guard.h"

#include <stdint.h>

#include "http/chars.h"

enum guard_verdict guard_line(struct guard *g, const char *base, size_t len, size_t max,
			      struct ltd_slice *line)
{
	const char *lf = len > g->checked ? memchr(base + g->checked, '\n', len - g->checked) : NULL;
	size_t end = lf ? (size_t)(lf - base) : len;
	size_t text_end = end, limit = max < SIZE_MAX - g->line_at ? g->line_at + max : SIZE_MAX;

	/* A CR that may be half of the line's end is left for later. */
	if (end > g->checked && base[end - 1] == '\r')
		text_end = end - 1;

	size_t stop = text_end < limit ? text_end : limit;
	g->checked += chars_clean(slice_of(base + g->checked, stop - g->checked));
	if (g->checked < stop)
		return GUARD_DIRTY;
	if (text_end > limit)
		return GUARD_TOO_LONG;
	if (!lf)
		return GUARD_MORE;
	if (text_end == end)
		return GUARD_DIRTY;

	*line = slice_of(base + g->line_at, text_end - g->line_at);
	g->line_at = g->checked = end + 1;
	return GUARD_LINE;
}

static void skip(struct ltd_slice *s, size_t n)
{
	s->at += n;
	s->len -= n;
}

/* Bad white space: to be read, never to be sent (RFC 9110 5.6.3). */
static void skip_blanks(struct ltd_slice *s)
{
	while (s->len > 0 && (s->at[0] == ' ' || s->at[0] == '\t'))
		skip(s, 1);
}

static bool skip_char(struct ltd_slice *s, char c)
{
	if (s->len == 0 || s->at[0] != c)
		return false;
	skip(s, 1);
	return true;
}

static bool skip_token(struct ltd_slice *s)
{
	size_t n = chars_span(*s, CHAR_TOKEN);

	skip(s, n);
	return n > 0;
}

/* Behind the opening quote (RFC 9110 5.6.4). */
static bool skip_quoted(struct ltd_slice *s)
{
	while (s->len > 0 && s->at[0] != '"') {
		skip_char(s, '\\');
		if (s->len == 0 || !char_is(s->at[0], CHAR_QUOTABLE))
			return false;
		skip(s, 1);
	}
	return skip_char(s, '"');
}

/* chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] ) */
static bool skip_extension(struct ltd_slice *s)
{
	skip_blanks(s);
	if (!skip_char(s, ';'))
		return false;
	skip_blanks(s);
	if (!skip_token(s))
		return false;

	struct ltd_slice rest = *s;
	skip_blanks(&rest);
	if (!skip_char(&rest, '='))
		return true;
	skip_blanks(&rest);
	*s = rest;
	return skip_char(s, '"') ? skip_quoted(s) : skip_token(s);
}

bool guard_chunk_size(struct ltd_slice line, size_t *digits)
{
	size_t zeros = 0;

	*digits = chars_span(line, CHAR_HEX);
	while (zeros < *digits && line.at[zeros] == '0')
		zeros++;
	if (*digits == 0 || *digits - zeros > GUARD_SIZE_DIGITS)
		return false;
	skip(&line, *digits);
	while (line.len > 0)
		if (!skip_extension(&line))
			return false;
	return true;
}
