/* Classes of bytes.  Runs in: any. */
#include "http/chars.h"

#include <stdint.h>

#define T CHAR_TOKEN
#define U CHAR_TARGET
#define R CHAR_REG_NAME
#define Q CHAR_QUOTABLE
#define N CHAR_UNRESERVED
#define ALL (T | U | R | Q)

const unsigned char char_classes[256] = {
	['\t'] = Q,
	[' '] = Q,
	[0x80 ... 0xff] = Q, /* obs-text */
	['0' ... '9'] = ALL | N | CHAR_HEX | CHAR_DIGIT,
	['A' ... 'F'] = ALL | N | CHAR_HEX,
	['G' ... 'Z'] = ALL | N,
	['a' ... 'f'] = ALL | N | CHAR_HEX,
	['g' ... 'z'] = ALL | N,
	['-'] = ALL | N,
	['.'] = ALL | N,
	['_'] = ALL | N,
	['~'] = ALL | N,
	['!'] = ALL,
	['$'] = ALL,
	['&'] = ALL,
	['\''] = ALL,
	['*'] = ALL,
	['+'] = ALL,
	['#'] = T | Q,
	['%'] = T | U | Q,
	['^'] = T | U | Q,
	['`'] = T | U | Q,
	['|'] = T | U | Q,
	['('] = U | R | Q,
	[')'] = U | R | Q,
	[','] = U | R | Q,
	[';'] = U | R | Q,
	['='] = U | R | Q,
	['"'] = U | Q,
	['/'] = U | Q,
	[':'] = U | Q,
	['<'] = U | Q,
	['>'] = U | Q,
	['?'] = U | Q,
	['@'] = U | Q,
	['['] = U | Q,
	[']'] = U | Q,
	['\\'] = U | Q,
	['{'] = U | Q,
	['}'] = U | Q,
};

size_t chars_span(struct ltd_slice s, enum char_class class)
{
	size_t n = 0;

	while (n < s.len && char_is(s.at[n], class))
		n++;
	return n;
}

bool chars_are_token(struct ltd_slice s)
{
	return s.len > 0 && chars_span(s, CHAR_TOKEN) == s.len;
}

#define EACH(byte) (UINT64_MAX / 255 * (byte))

/* The high bit of some byte is set if any byte is zero. */
static inline uint64_t has_zero(uint64_t w)
{
	return (w - EACH(1)) & ~w & EACH(0x80);
}

/* Eight bytes at once: is any below 0x20, or DEL?  A TAB says yes too. */
static inline bool has_control(const char *at)
{
	uint64_t w;

	memcpy(&w, at, sizeof w);
	return (((w - EACH(0x20)) & ~w & EACH(0x80)) | has_zero(w ^ EACH(0x7f))) != 0;
}

static inline bool is_clean(unsigned char c)
{
	return (c >= 0x20 && c != 0x7f) || c == '\t';
}

size_t chars_clean(struct ltd_slice s)
{
	size_t i = 0;

	while (s.len - i >= 8 && !has_control(s.at + i))
		i += 8;
	/* What is left of the last word is looked at together with bytes known to be clean. */
	if (s.len >= 8 && s.len - i < 8 && !has_control(s.at + s.len - 8))
		return s.len;
	while (i < s.len && is_clean((unsigned char)s.at[i]))
		i++;
	return i;
}

int char_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
