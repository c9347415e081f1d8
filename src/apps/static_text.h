/* Reading pieces of text, for the static app: an app has the public interface alone. */
#ifndef APPS_STATIC_TEXT_H
#define APPS_STATIC_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <littled/slice.h>

static inline struct ltd_slice text_of(const char *string)
{
	return (struct ltd_slice){ string, strlen(string) };
}

static inline bool text_eq(struct ltd_slice a, struct ltd_slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* ASCII letters alone are folded, whatever the locale. */
bool text_eq_nocase(struct ltd_slice a, struct ltd_slice b);

/* The first `n` bytes are gone. */
static inline struct ltd_slice text_skip(struct ltd_slice s, size_t n)
{
	return (struct ltd_slice){ s.at + n, s.len - n };
}

/* Without the spaces and tabs at both ends (RFC 9110 5.6.3, OWS). */
struct ltd_slice text_trim(struct ltd_slice s);

/*
 * Cuts the piece up to the next `separator` off the front of *rest, trimmed.  False when the
 * last piece is gone (rest->at is NULL).
 */
bool text_cut(struct ltd_slice *rest, char separator, struct ltd_slice *piece);

/* Decimal digits alone; false for none and for others.  Beyond 64 bits: UINT64_MAX. */
bool text_to_u64(struct ltd_slice s, uint64_t *value);

#endif
