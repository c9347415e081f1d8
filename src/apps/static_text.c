/* Pure functions on pieces of text.  Runs in: any. */
#include "static_text.h"

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool text_eq_nocase(struct ltd_slice a, struct ltd_slice b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.at[i]) != lower(b.at[i]))
			return false;
	return true;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

struct ltd_slice text_trim(struct ltd_slice s)
{
	while (s.len > 0 && is_space(s.at[0]))
		s = text_skip(s, 1);
	while (s.len > 0 && is_space(s.at[s.len - 1]))
		s.len--;
	return s;
}

bool text_cut(struct ltd_slice *rest, char separator, struct ltd_slice *piece)
{
	if (!rest->at)
		return false;

	const char *end = memchr(rest->at, separator, rest->len);
	size_t len = end ? (size_t)(end - rest->at) : rest->len;
	*piece = text_trim((struct ltd_slice){ rest->at, len });
	*rest = end ? text_skip(*rest, len + 1) : (struct ltd_slice){ NULL, 0 };
	return true;
}

bool text_to_u64(struct ltd_slice s, uint64_t *value)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] < '0' || s.at[i] > '9')
			return false;
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(s.at[i] - '0'), &n))
			n = UINT64_MAX;
	}
	*value = n;
	return s.len > 0;
}
