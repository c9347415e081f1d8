/* What each type of option can do: one small table, indexed by enum option_type. */
#ifndef CONF_TYPES_H
#define CONF_TYPES_H

#include "conf/options.h"

struct type {
	/* 0, -EINVAL for what is no such value, -ENOMEM.  Repeatable: adds to what is there. */
	int (*read)(const struct option_row *row, struct ltd_slice text, void *member);
	/* As it may be read again. */
	void (*print)(const struct option_row *row, const void *member, struct buf *to);
	/* What a value must look like, and between which bounds (may be NULL: none). */
	void (*print_expected)(const struct option_row *row, struct buf *to);
	void (*print_bounds)(const struct option_row *row, struct buf *to);
	/* Frees what the member holds and zeroes it; NULL: it holds nothing. */
	void (*release)(void *member);
};

extern const struct type types[TYPES];

#endif
