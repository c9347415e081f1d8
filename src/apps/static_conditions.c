/* Preconditions.  Runs in: leader, slot. */
#include "static_conditions.h"

#include "static_date.h"
#include "static_text.h"

/* etagc (RFC 9110 8.8.3): printable but for the quote, and the bytes beyond ASCII. */
static bool is_etag_char(char c)
{
	unsigned char u = (unsigned char)c;

	return u > ' ' && u != '"' && u != 0x7f;
}

/* Cuts the tag that `rest` begins with off it, with its quotes; false if there is none. */
static bool cut_etag(struct ltd_slice *rest, struct ltd_slice *tag, bool *is_weak)
{
	size_t n = 1;

	*is_weak = rest->len >= 2 && memcmp(rest->at, "W/", 2) == 0;
	if (*is_weak)
		*rest = text_skip(*rest, 2);
	if (rest->len < 2 || rest->at[0] != '"')
		return false;
	while (n < rest->len && is_etag_char(rest->at[n]))
		n++;
	if (n == rest->len || rest->at[n] != '"')
		return false;
	*tag = (struct ltd_slice){ rest->at, n + 1 };
	*rest = text_skip(*rest, n + 1);
	return true;
}

/* Up to the next element of the list; false if there is something else than one comma or more. */
static bool skip_commas(struct ltd_slice *rest)
{
	bool is_separated = false;

	for (*rest = text_trim(*rest); rest->len > 0 && rest->at[0] == ',';
	     *rest = text_trim(text_skip(*rest, 1)))
		is_separated = true;
	return is_separated;
}

/*
 * Is the file's tag in the list?  "*" is any.  With `strong`, weak ones do not count (RFC 9110
 * 8.8.3.2).  What stands behind a syntax error is not looked at.
 */
static bool has_etag(struct ltd_slice list, struct ltd_slice etag, bool strong)
{
	struct ltd_slice rest = text_trim(list), tag;
	bool is_weak;

	if (text_eq(rest, LTD_SLICE("*")))
		return true;
	skip_commas(&rest);
	while (cut_etag(&rest, &tag, &is_weak)) {
		if (text_eq(tag, etag) && !(strong && is_weak))
			return true;
		if (!skip_commas(&rest))
			return false;
	}
	return false;
}

/* Whether the file has changed since the date; a field that is no date is as if not sent. */
static bool is_modified_since(struct ltd_slice date, const struct static_validators *v,
			      int64_t now_s, bool fallback)
{
	int64_t seconds;

	if (!date.at || !v->has_modified || !static_date_read(date, now_s, &seconds))
		return fallback;
	return v->modified_s > seconds;
}

enum static_condition static_conditions_check(const struct static_asked *asked,
					      const struct static_validators *v, int64_t now_s)
{
	bool may_change = asked->if_match.at
				  ? has_etag(asked->if_match, v->etag, true)
				  : !is_modified_since(asked->if_unmodified_since, v, now_s, false);
	if (!may_change)
		return STATIC_CONDITION_FAILED;

	bool is_new = asked->if_none_match.at
			      ? !has_etag(asked->if_none_match, v->etag, false)
			      : is_modified_since(asked->if_modified_since, v, now_s, true);
	return is_new ? STATIC_CONDITION_HOLDS : STATIC_CONDITION_NOT_MODIFIED;
}

bool static_conditions_range(const struct static_asked *asked, const struct static_validators *v,
			     int64_t now_s)
{
	struct ltd_slice rest = asked->if_range, tag;
	bool is_weak;
	int64_t seconds;

	if (!rest.at)
		return true;
	if (cut_etag(&rest, &tag, &is_weak))
		return !is_weak && rest.len == 0 && text_eq(tag, v->etag);
	return static_date_read(asked->if_range, now_s, &seconds) && v->has_modified &&
	       v->modified_s == seconds;
}
