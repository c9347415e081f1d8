/* Classes of bytes in HTTP's grammar (RFC 9110 5.6, RFC 3986 2). */
#ifndef HTTP_CHARS_H
#define HTTP_CHARS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

enum char_class {
	CHAR_TOKEN = 1,    /* tchar: names, methods */
	CHAR_TARGET = 2,   /* what a request target may hold: visible ASCII but '#' */
	CHAR_REG_NAME = 4, /* a host name, but for '%' (RFC 3986 3.2.2) */
	CHAR_HEX = 8,
	CHAR_DIGIT = 16,
	CHAR_QUOTABLE = 32, /* behind a backslash in a quoted string; with '"' and '\' not alone */
	CHAR_UNRESERVED = 64, /* means the same escaped or not (RFC 3986 2.3) */
};

extern const unsigned char char_classes[256];

static inline bool char_is(char c, enum char_class class)
{
	return char_classes[(unsigned char)c] & class;
}

/* How many bytes at the front of `s` are of that class. */
size_t chars_span(struct ltd_slice s, enum char_class class);

/* One or more tchar (RFC 9110 5.6.2). */
bool chars_are_token(struct ltd_slice s);

/*
 * How many bytes at the front of `s` may stand in a line: no control byte but TAB, so
 * neither CR, LF nor NUL.
 */
size_t chars_clean(struct ltd_slice s);

/* 0 to 15, or -1. */
int char_hex(char c);

#endif
