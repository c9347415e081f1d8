/*
 * A growable byte buffer with its maximum from birth.
 *
 * Running short (of memory or of the maximum) sets `is_short`, and later appends do
 * nothing: look once, at the end.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>

#include "base/slice.h"

struct buf {
	char *at;
	size_t len, cap, max;
	bool is_short;
};

/* Allocates nothing yet. */
void buf_init(struct buf *b, size_t max);
void buf_fini(struct buf *b);

/* Empties it and forgets that it was short; keeps the memory. */
void buf_reset(struct buf *b);

/* Room for `more` bytes behind the end; 0 or -ENOBUFS (sticky). */
int buf_reserve(struct buf *b, size_t more);

void buf_append(struct buf *b, const void *bytes, size_t len);
void buf_puts(struct buf *b, const char *text);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

/* The bytes with a NUL behind them, or NULL when short.  The caller frees it; `b` is empty again. */
char *buf_steal(struct buf *b);

static inline struct ltd_slice buf_slice(const struct buf *b)
{
	return slice_of(b->at, b->len);
}

#endif
