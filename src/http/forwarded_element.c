/* Reading the Forwarded field.  Runs in: leader. */
#include "http/forwarded_element.h"

#include "http/chars.h"

/* What is left to read. */
struct cursor {
	const char *at, *end;
};

static void skip_space(struct cursor *c)
{
	while (c->at < c->end && (*c->at == ' ' || *c->at == '\t'))
		c->at++;
}

static bool take(struct cursor *c, char wanted)
{
	if (c->at == c->end || *c->at != wanted)
		return false;
	c->at++;
	return true;
}

static struct ltd_slice take_token(struct cursor *c, const char *more)
{
	const char *from = c->at;

	while (c->at < c->end && (char_is(*c->at, CHAR_TOKEN) || (*c->at && strchr(more, *c->at))))
		c->at++;
	return slice_of(from, (size_t)(c->at - from));
}

static bool unescape(struct arena *a, struct ltd_slice *s)
{
	char *to, *at;

	if (!memchr(s->at, '\\', s->len))
		return true;
	to = at = arena_alloc(a, s->len);
	if (!to)
		return false;
	for (size_t i = 0; i < s->len; i++) {
		i += s->at[i] == '\\'; /* never the last byte: it would have escaped the quote */
		*at++ = s->at[i];
	}
	*s = slice_of(to, (size_t)(at - to));
	return true;
}

/* Behind the opening quote; moves past the closing one. */
static bool take_quoted(struct cursor *c, struct arena *a, struct ltd_slice *value)
{
	const char *from = c->at;

	while (c->at < c->end && *c->at != '"')
		c->at += *c->at == '\\' && c->end - c->at > 1 ? 2 : 1;
	if (c->at >= c->end)
		return false;
	*value = slice_of(from, (size_t)(c->at - from));
	c->at++;
	return unescape(a, value);
}

static bool take_value(struct cursor *c, struct arena *a, struct ltd_slice *value)
{
	if (take(c, '"'))
		return take_quoted(c, a, value);
	*value = take_token(c, ":[]");
	return value->len > 0;
}

/* At most once an element (RFC 7239 4). */
static bool keep(struct ltd_slice *member, struct ltd_slice value)
{
	if (member->at)
		return false;
	*member = value;
	return true;
}

static bool take_pair(struct cursor *c, struct arena *a, struct forwarded_element *e)
{
	struct ltd_slice name = take_token(c, ""), value;

	if (!name.len || !take(c, '=') || !take_value(c, a, &value))
		return false;
	if (slice_eq_nocase(name, LTD_SLICE("for")))
		return keep(&e->node, value);
	if (slice_eq_nocase(name, LTD_SLICE("proto")))
		return keep(&e->proto, value);
	return true;
}

/* Pairs may be missing between semicolons.  True at a comma or the end. */
static bool take_element(struct cursor *c, struct arena *a, struct forwarded_element *e)
{
	do {
		skip_space(c);
		if (c->at < c->end && *c->at != ';' && *c->at != ',' && !take_pair(c, a, e))
			return false;
		skip_space(c);
	} while (take(c, ';'));
	return c->at == c->end || *c->at == ',';
}

enum forwarded_verdict forwarded_next(struct ltd_slice *rest, struct arena *a,
				      struct forwarded_element *e)
{
	struct cursor c = { rest->at, rest->at + rest->len };

	/* Empty elements of a list do not count (RFC 9110 5.6.1). */
	do
		skip_space(&c);
	while (take(&c, ','));
	*e = (struct forwarded_element){ .node = { NULL, 0 } };
	if (c.at == c.end)
		return FORWARDED_END;
	if (!take_element(&c, a, e))
		return FORWARDED_MALFORMED;
	*rest = slice_of(c.at, (size_t)(c.end - c.at));
	return FORWARDED_ELEMENT;
}
