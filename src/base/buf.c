/* A bounded, growable byte buffer.  Runs in: any. */
#include "base/buf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

void buf_fini(struct buf *b)
{
	free(b->at);
	buf_init(b, b->max);
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->is_short = false;
}

static int grow(struct buf *b, size_t need)
{
	size_t cap = b->cap ? b->cap : 256;

	while (cap < need)
		cap *= 2;
	if (cap > b->max)
		cap = b->max;

	char *at = realloc(b->at, cap);
	if (!at)
		return -ENOMEM;
	b->at = at;
	b->cap = cap;
	return 0;
}

int buf_reserve(struct buf *b, size_t more)
{
	if (b->is_short)
		return -ENOBUFS;
	if (more <= b->cap - b->len)
		return 0;
	if (more > b->max - b->len || grow(b, b->len + more) < 0) {
		b->is_short = true;
		return -ENOBUFS;
	}
	return 0;
}

void buf_append(struct buf *b, const void *bytes, size_t len)
{
	if (len == 0 || buf_reserve(b, len) < 0)
		return;
	memcpy(b->at + b->len, bytes, len);
	b->len += len;
}

void buf_puts(struct buf *b, const char *text)
{
	buf_append(b, text, strlen(text));
}

void buf_vprintf(struct buf *b, const char *format, va_list args)
{
	va_list again;
	char first[256];

	va_copy(again, args);
	int n = vsnprintf(first, sizeof first, format, args);
	if (n >= 0 && (size_t)n < sizeof first) {
		buf_append(b, first, (size_t)n);
	} else if (n >= 0 && buf_reserve(b, (size_t)n + 1) == 0) {
		vsnprintf(b->at + b->len, (size_t)n + 1, format, again);
		b->len += (size_t)n;
	}
	va_end(again);
}

void buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_vprintf(b, format, args);
	va_end(args);
}

char *buf_steal(struct buf *b)
{
	buf_append(b, "", 1);
	char *text = b->is_short ? NULL : b->at;
	if (text)
		b->at = NULL;
	buf_fini(b);
	return text;
}
