/* The Range field (RFC 9110 14): which pieces of a file a client wants. */
#ifndef APPS_STATIC_RANGE_H
#define APPS_STATIC_RANGE_H

#include <stddef.h>
#include <stdint.h>

#include <littled/slice.h>

/* More than a server can be told to take (setting `ranges`). */
#define STATIC_RANGES_MAX 256

struct static_range {
	uint64_t first, len; /* len > 0 */
};

struct static_ranges {
	size_t count;
	struct static_range at[STATIC_RANGES_MAX];
};

enum static_range_verdict {
	STATIC_RANGE_WHOLE, /* no ranges, or none to be heeded: the whole file is the answer */
	STATIC_RANGE_SOME,  /* these, count > 0 */
	STATIC_RANGE_NONE,  /* well-formed, but all of them outside: 416 */
};

/*
 * Reads the field's value (`at` NULL: not sent) for a file of `size` bytes, heeding at most
 * `max` ranges.  More than that, another unit, or a syntax error anywhere: the field is
 * ignored, as RFC 9110 14.2 allows.  Ranges that overlap or touch become one, so what is sent
 * is never more than the file; those that are left stand in the order asked for.
 */
enum static_range_verdict static_ranges_read(struct static_ranges *r, struct ltd_slice value,
					     uint64_t size, size_t max);

#endif
