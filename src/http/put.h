/*
 * Putting text behind text, where there is room enough.  Each gives the place behind what it
 * put.  Runs in: leader, slot.
 */
#ifndef HTTP_PUT_H
#define HTTP_PUT_H

#include <stdint.h>

#include "base/slice.h"

#define PUT_DIGITS_MAX 20 /* of a 64-bit number */

static inline char *put_bytes(char *to, const char *at, size_t len)
{
	memcpy(to, at, len);
	return to + len;
}

static inline char *put(char *to, struct ltd_slice s)
{
	return put_bytes(to, s.at, s.len);
}

#define PUT(to, literal) put_bytes(to, literal, sizeof(literal) - 1)

static inline char *put_in_base(char *to, uint64_t n, unsigned base)
{
	char digits[PUT_DIGITS_MAX], *end = digits + sizeof digits, *d = end;

	do {
		*--d = "0123456789abcdef"[n % base];
		n /= base;
	} while (n);
	return put_bytes(to, d, (size_t)(end - d));
}

static inline char *put_number(char *to, uint64_t n)
{
	return put_in_base(to, n, 10);
}

static inline char *put_hex(char *to, uint64_t n)
{
	return put_in_base(to, n, 16);
}

#endif
