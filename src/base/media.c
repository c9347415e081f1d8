/* Lists of media types.  Runs in: any. */
#include "base/media.h"

static bool separates(char c)
{
	return c == ' ' || c == ',' || c == '\t';
}

/* The next entry off the front of *rest; empty at the end. */
static struct ltd_slice next_entry(struct ltd_slice *rest)
{
	size_t start = 0, end;

	while (start < rest->len && separates(rest->at[start]))
		start++;
	for (end = start; end < rest->len && !separates(rest->at[end]);)
		end++;
	struct ltd_slice entry = slice_of(rest->at + start, end - start);
	*rest = slice_of(rest->at + end, rest->len - end);
	return entry;
}

/* RFC 6838 4.2: the characters names of types may have; '*' is no type's. */
static bool is_name(struct ltd_slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];
		bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!is_letter && !(c >= '0' && c <= '9') && !memchr("!#$&-^_.+", c, 9))
			return false;
	}
	return s.len > 0;
}

static bool entry_is_valid(struct ltd_slice entry)
{
	struct ltd_slice kind;

	if (!slice_cut(&entry, '/', &kind) || !entry.at || !is_name(kind))
		return false;
	return slice_eq(entry, LTD_SLICE("*")) || is_name(entry);
}

bool media_list_is_valid(struct ltd_slice list)
{
	struct ltd_slice entry = next_entry(&list);

	if (entry.len == 0)
		return false;
	for (; entry.len; entry = next_entry(&list))
		if (!entry_is_valid(entry))
			return false;
	return true;
}

static bool matches(struct ltd_slice entry, struct ltd_slice type)
{
	if (entry.at[entry.len - 1] != '*')
		return slice_eq_nocase(entry, type);
	entry.len--; /* up to and with the slash */
	return type.len > entry.len && slice_eq_nocase(entry, slice_of(type.at, entry.len));
}

bool media_list_has(struct ltd_slice list, struct ltd_slice type)
{
	struct ltd_slice essence;

	slice_cut(&type, ';', &essence);
	essence = slice_trim(essence);
	for (struct ltd_slice e = next_entry(&list); e.len; e = next_entry(&list))
		if (matches(e, essence))
			return true;
	return false;
}
