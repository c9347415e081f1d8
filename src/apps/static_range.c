/* Ranges of bytes.  Runs in: leader, slot. */
#include "static_range.h"

#include "static_text.h"

enum spec { SPEC_BAD, SPEC_OUTSIDE, SPEC_INSIDE };

static enum spec keep(struct static_range *to, uint64_t first, uint64_t len)
{
	*to = (struct static_range){ first, len };
	return SPEC_INSIDE;
}

/*
 * "-5": the last five bytes, or all of a shorter file (RFC 9110 14.1.2).  An empty one satisfies
 * it, but no Content-Range can say so: it is sent whole.
 */
static enum spec read_suffix(struct ltd_slice digits, uint64_t size, struct static_range *to)
{
	uint64_t len;

	if (!text_to_u64(digits, &len))
		return SPEC_BAD;
	if (len == 0)
		return SPEC_OUTSIDE;
	if (size == 0)
		return SPEC_BAD;
	if (len > size)
		len = size;
	return keep(to, size - len, len);
}

/* "2-5", "2-", "-5". */
static enum spec read_spec(struct ltd_slice spec, uint64_t size, struct static_range *to)
{
	uint64_t first, last = UINT64_MAX;
	const char *dash = memchr(spec.at, '-', spec.len);

	if (!dash)
		return SPEC_BAD;
	struct ltd_slice left = { spec.at, (size_t)(dash - spec.at) };
	struct ltd_slice right = text_skip(spec, left.len + 1);
	if (left.len == 0)
		return read_suffix(right, size, to);
	if (!text_to_u64(left, &first) || (right.len > 0 && !text_to_u64(right, &last)) ||
	    last < first)
		return SPEC_BAD;
	if (first >= size)
		return SPEC_OUTSIDE;
	if (last >= size)
		last = size - 1;
	return keep(to, first, last - first + 1);
}

static bool touch(const struct static_range *a, const struct static_range *b)
{
	return a->first <= b->first + b->len && b->first <= a->first + a->len;
}

static void swallow(struct static_range *a, const struct static_range *b)
{
	uint64_t a_end = a->first + a->len, b_end = b->first + b->len;

	if (b->first < a->first)
		a->first = b->first;
	a->len = (a_end > b_end ? a_end : b_end) - a->first;
}

/*
 * Puts one more behind the others, or into the first of them that it touches.  That one may
 * then touch later ones, which it swallows in turn.
 */
static void add(struct static_ranges *r, struct static_range more)
{
	size_t home = 0;

	while (home < r->count && !touch(&r->at[home], &more))
		home++;
	if (home == r->count) {
		r->at[r->count++] = more;
		return;
	}
	swallow(&r->at[home], &more);
	size_t left = home + 1;
	for (size_t i = home + 1; i < r->count; i++)
		if (touch(&r->at[home], &r->at[i]))
			swallow(&r->at[home], &r->at[i]);
		else
			r->at[left++] = r->at[i];
	r->count = left;
}

/* What stands behind "bytes=", or nothing. */
static struct ltd_slice ranges_of_bytes(struct ltd_slice value)
{
	const struct ltd_slice unit = LTD_SLICE("bytes=");

	if (!value.at || value.len < unit.len ||
	    !text_eq_nocase((struct ltd_slice){ value.at, unit.len }, unit))
		return (struct ltd_slice){ NULL, 0 };
	return text_skip(value, unit.len);
}

enum static_range_verdict static_ranges_read(struct static_ranges *r, struct ltd_slice value,
					     uint64_t size, size_t max)
{
	struct ltd_slice rest = ranges_of_bytes(value), spec;
	size_t seen = 0;

	r->count = 0;
	while (text_cut(&rest, ',', &spec)) {
		struct static_range one;

		if (spec.len == 0) /* empty elements of a list count for nothing (RFC 9110 5.6.1) */
			continue;
		enum spec what = read_spec(spec, size, &one);
		if (what == SPEC_BAD || ++seen > max)
			return STATIC_RANGE_WHOLE;
		if (what == SPEC_INSIDE)
			add(r, one);
	}
	if (seen == 0)
		return STATIC_RANGE_WHOLE;
	return r->count > 0 ? STATIC_RANGE_SOME : STATIC_RANGE_NONE;
}
