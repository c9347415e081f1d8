/* Pieces of bytes.  Runs in: any. */
#include "base/slice.h"

#include <math.h>
#include <stdlib.h>

static inline unsigned char fold(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

bool slice_eq_nocase(struct ltd_slice a, struct ltd_slice b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (fold((unsigned char)a.at[i]) != fold((unsigned char)b.at[i]))
			return false;
	return true;
}

bool slice_starts_with(struct ltd_slice s, struct ltd_slice prefix)
{
	return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.at, prefix.at, prefix.len) == 0);
}

static inline bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct ltd_slice slice_trim(struct ltd_slice s)
{
	while (s.len > 0 && is_blank(s.at[0]))
		s.at++, s.len--;
	while (s.len > 0 && is_blank(s.at[s.len - 1]))
		s.len--;
	return s;
}

bool slice_cut(struct ltd_slice *rest, char separator, struct ltd_slice *piece)
{
	if (!rest->at)
		return false;

	const char *end = memchr(rest->at, separator, rest->len);
	if (!end) {
		*piece = *rest;
		rest->at = NULL;
		rest->len = 0;
		return true;
	}
	*piece = slice_of(rest->at, (size_t)(end - rest->at));
	rest->at = end + 1;
	rest->len -= piece->len + 1;
	return true;
}

bool slice_to_u64(struct ltd_slice s, uint64_t *value)
{
	uint64_t sum = 0;

	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned digit = (unsigned char)s.at[i] - '0';

		if (digit > 9 || __builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_add_overflow(sum, digit, &sum))
			return false;
	}
	*value = sum;
	return true;
}

bool slice_to_double(struct ltd_slice s, double *value)
{
	char text[64], *end;

	if (s.len == 0 || s.len >= sizeof text)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!strchr("0123456789.+-eE", s.at[i]) || s.at[i] == '\0')
			return false;
	if (s.at[0] == '+' || s.at[0] == 'e' || s.at[0] == 'E')
		return false;
	memcpy(text, s.at, s.len);
	text[s.len] = '\0';
	*value = strtod(text, &end);
	return *end == '\0' && isfinite(*value);
}
