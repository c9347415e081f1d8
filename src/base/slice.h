/* Comparing, trimming and reading pieces of bytes; nothing here allocates. */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <littled/slice.h>

static inline struct ltd_slice slice_of(const char *at, size_t len)
{
	return (struct ltd_slice){ at, len };
}

static inline struct ltd_slice slice_of_string(const char *text)
{
	return slice_of(text, strlen(text));
}

static inline bool slice_eq(struct ltd_slice a, struct ltd_slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* ASCII letters alone are folded, whatever the locale. */
bool slice_eq_nocase(struct ltd_slice a, struct ltd_slice b);

bool slice_starts_with(struct ltd_slice s, struct ltd_slice prefix);

/* Without the spaces and tabs at both ends (RFC 9110 5.6.3, OWS). */
struct ltd_slice slice_trim(struct ltd_slice s);

/*
 * Cuts the piece up to the next `separator` off the front of *rest.  False when the last
 * piece is gone (rest->at is NULL).  "a,,b" gives "a", "", "b"; "" gives "" once.
 */
bool slice_cut(struct ltd_slice *rest, char separator, struct ltd_slice *piece);

/* Decimal digits only: no sign, no space.  False for none, for others, for overflow. */
bool slice_to_u64(struct ltd_slice s, uint64_t *value);

/* A decimal number such as 12, 0.5 or 1e3; false for anything else, infinite or not a number. */
bool slice_to_double(struct ltd_slice s, double *value);

#endif
