/* The fields of a response: lines as they go out.  Runs in: leader, slot. */
#include "http/response_fields.h"

#include "http/put.h"

/* The next line of "Name: value", its CRLF taken away; false at the end. */
static bool next_field(struct ltd_slice *rest, struct ltd_slice *name, struct ltd_slice *value)
{
	struct ltd_slice line;

	if (rest->len == 0 || !slice_cut(rest, '\n', &line))
		return false;
	line.len--; /* the CR */
	slice_cut(&line, ':', name);
	*value = slice_of(line.at + 1, line.len - 1); /* behind the space */
	return true;
}

struct ltd_slice response_find_field(const struct response *rs, struct ltd_slice name)
{
	struct ltd_slice rest = slice_of(rs->fields, rs->fields_len), key, value;

	while (next_field(&rest, &key, &value))
		if (slice_eq_nocase(key, name))
			return value;
	return slice_of(NULL, 0);
}

void response_drop_field(struct response *rs, struct ltd_slice name)
{
	struct ltd_slice value = response_find_field(rs, name);

	if (!value.at)
		return;
	size_t start = (size_t)(value.at - rs->fields) - name.len - 2;
	size_t end = (size_t)(value.at - rs->fields) + value.len + 2;
	memmove(rs->fields + start, rs->fields + end, rs->fields_len - end);
	rs->fields_len -= end - start;
}

static bool list_has(struct ltd_slice list, struct ltd_slice member)
{
	struct ltd_slice one, token;

	while (slice_cut(&list, ',', &one)) {
		slice_cut(&one, '=', &token);
		if (slice_eq_nocase(slice_trim(token), member))
			return true;
	}
	return false;
}

bool response_lists(const struct response *rs, struct ltd_slice name, struct ltd_slice member)
{
	struct ltd_slice rest = slice_of(rs->fields, rs->fields_len), key, value;

	while (next_field(&rest, &key, &value))
		if (slice_eq_nocase(key, name) && list_has(value, member))
			return true;
	return false;
}

bool response_add_field(struct response *rs, struct ltd_slice name, struct ltd_slice value)
{
	if (!response_grow_fields(rs, name.len + value.len + 4))
		return false;
	char *to = PUT(put(rs->fields + rs->fields_len, name), ": ");
	if (value.len)
		to = put(to, value);
	to = PUT(to, "\r\n");
	rs->fields_len = (size_t)(to - rs->fields);
	return true;
}

void response_weaken_etag(struct response *rs)
{
	struct ltd_slice tag = response_find_field(rs, LTD_SLICE("etag"));

	if (tag.len == 0 || tag.at[0] != '"')
		return;
	size_t at = (size_t)(tag.at - rs->fields);
	if (!response_grow_fields(rs, 2))
		return;
	memmove(rs->fields + at + 2, rs->fields + at, rs->fields_len - at);
	PUT(rs->fields + at, "W/");
	rs->fields_len += 2;
}
