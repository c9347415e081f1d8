/*
 * The Range field, beside a reading that marks byte after byte.
 *
 * The input: a byte for the file's size, one for how many ranges are heeded, and the field's value.
 */
#include "fuzz.h"

#include <string.h>

#include "apps/static_range.h"
#include "reader_bytes.h"

#define SMALL_BYTES 200 /* larger files are not marked byte after byte */
#define VALUE_BYTES_MAX 2048

static uint64_t size_of(uint8_t byte)
{
	return byte <= SMALL_BYTES ? byte : UINT64_MAX - (255 - byte);
}

/* Digits alone; what is beyond 64 bits is as good as the largest. */
static bool to_number(const char *text, uint64_t *n)
{
	if (!*text || strspn(text, DIGITS) != strlen(text))
		return false;
	*n = strtoull(text, NULL, 10);
	return true;
}

/* What a slow reader makes of it. */
struct marks {
	enum static_range_verdict verdict;
	char wanted[SMALL_BYTES + 1];
};

/* One range; false if it is none. */
static bool mark_one(struct marks *m, char *spec, uint64_t size, bool *is_inside)
{
	char *dash = strchr(spec, '-');
	uint64_t first, last = UINT64_MAX;

	if (!dash)
		return false;
	*dash++ = '\0';
	if (!*spec) {
		if (!to_number(dash, &last))
			return false;
		if (size == 0 && last > 0)
			return false; /* no Content-Range could say so */
		first = last < size ? size - last : 0;
		*is_inside = last > 0;
		last = UINT64_MAX;
	} else {
		if (!to_number(spec, &first) || (*dash && !to_number(dash, &last)) || last < first)
			return false;
		*is_inside = first < size;
	}
	for (uint64_t i = first; *is_inside && i < size && i <= last && size <= SMALL_BYTES; i++)
		m->wanted[i] = 1;
	return true;
}

static char *trim(char *text)
{
	size_t len;

	text += strspn(text, " \t");
	for (len = strlen(text); len && strchr(" \t", text[len - 1]); len--)
		text[len - 1] = '\0';
	return text;
}

static void mark(struct marks *m, char *value, uint64_t size, unsigned max)
{
	unsigned seen = 0, inside = 0;

	memset(m, 0, sizeof *m);
	m->verdict = STATIC_RANGE_WHOLE;
	if (strncasecmp(value, "bytes=", 6) != 0)
		return;
	for (char *rest = value + 6, *spec; (spec = strsep(&rest, ",")) != NULL;) {
		bool is_inside = false;

		spec = trim(spec);
		if (!*spec)
			continue;
		if (!mark_one(m, spec, size, &is_inside) || ++seen > max)
			return;
		inside += is_inside;
	}
	if (seen)
		m->verdict = inside ? STATIC_RANGE_SOME : STATIC_RANGE_NONE;
}

/* Inside the file, apart from each other, and together what was marked. */
static void check_ranges(const struct static_ranges *r, const struct marks *m, uint64_t size)
{
	char covered[SMALL_BYTES + 1] = "";

	for (size_t i = 0; i < r->count; i++) {
		const struct static_range *a = &r->at[i];

		FUZZ_CHECK(a->len > 0 && a->len <= size && a->first <= size - a->len, "outside");
		for (size_t j = 0; j < i; j++) {
			const struct static_range *b = &r->at[j];

			FUZZ_CHECK(a->first > b->first + b->len || b->first > a->first + a->len,
				   "two ranges touch");
		}
		if (size <= SMALL_BYTES)
			memset(covered + a->first, 1, a->len);
	}
	FUZZ_CHECK(memcmp(covered, m->wanted, sizeof covered) == 0, "other bytes than were wanted");
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t len)
{
	static struct marks m;
	struct static_ranges r;
	char copy[VALUE_BYTES_MAX + 1] = "";

	if (len < 2 || len - 2 > VALUE_BYTES_MAX || memchr(input + 2, '\0', len - 2))
		return 0;
	uint64_t size = size_of(input[0]);
	unsigned max = 1 + input[1] % STATIC_RANGES_MAX;
	memcpy(copy, input + 2, len - 2);
	mark(&m, copy, size, max);

	enum static_range_verdict verdict = static_ranges_read(
		&r, (struct ltd_slice){ (const char *)input + 2, len - 2 }, size, max);
	FUZZ_CHECK(verdict == m.verdict, "verdict %d, not %d", verdict, m.verdict);
	if (verdict == STATIC_RANGE_SOME)
		check_ranges(&r, &m, size);
	return 0;
}
