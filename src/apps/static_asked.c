/* Picking the fields that matter out of a request.  Runs in: leader, slot. */
#include "static_asked.h"

#include "static_text.h"

static const struct row {
	struct ltd_slice name;
	size_t member;
	bool is_list;
} rows[] = {
	{ { "Range", 5 }, offsetof(struct static_asked, range), false },
	{ { "If-Match", 8 }, offsetof(struct static_asked, if_match), true },
	{ { "If-Range", 8 }, offsetof(struct static_asked, if_range), false },
	{ { "If-None-Match", 13 }, offsetof(struct static_asked, if_none_match), true },
	{ { "Accept-Encoding", 15 }, offsetof(struct static_asked, accept_encoding), true },
	{ { "If-Modified-Since", 17 }, offsetof(struct static_asked, if_modified_since), false },
	{ { "If-Unmodified-Since", 19 }, offsetof(struct static_asked, if_unmodified_since), false },
};

#define ROWS (sizeof rows / sizeof *rows)

/* Lines of a list are one list (RFC 9110 5.3); short of memory, the request gets a 503. */
static struct ltd_slice join(struct ltd_exchange *x, struct ltd_slice a, struct ltd_slice b)
{
	char *joined = ltd_alloc(x, a.len + 1 + b.len);

	if (!joined)
		return a;
	memcpy(joined, a.at, a.len);
	joined[a.len] = ',';
	memcpy(joined + a.len + 1, b.at, b.len);
	return (struct ltd_slice){ joined, a.len + 1 + b.len };
}

static void take(struct ltd_exchange *x, const struct row *row, struct ltd_slice *member,
		 struct ltd_slice value)
{
	if (!value.at)
		value = LTD_SLICE("");
	if (!member->at)
		*member = value;
	else if (row->is_list)
		*member = join(x, *member, value);
	else
		*member = LTD_SLICE("");
}

void static_asked_read(struct static_asked *asked, struct ltd_exchange *x)
{
	*asked = (struct static_asked){ .range = { NULL, 0 } };
	for (size_t i = 0; i < ltd_request_field_count(x); i++) {
		struct ltd_field f = ltd_request_field(x, i);

		for (size_t r = 0; r < ROWS; r++)
			if (text_eq_nocase(f.name, rows[r].name))
				take(x, &rows[r],
				     (struct ltd_slice *)((char *)asked + rows[r].member), f.value);
	}
}
