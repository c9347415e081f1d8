/* The known name a mistyped one most resembles. */
#ifndef CONF_NEAREST_H
#define CONF_NEAREST_H

#include "base/buf.h"

struct nearest {
	const char *typed;
	const char *best; /* NULL: none is near */
	unsigned distance;
};

void nearest_init(struct nearest *n, const char *typed);

/* `name` must outlive `n`.  Of names equally near the first stays. */
void nearest_try(struct nearest *n, const char *name);

/* The number of letters to insert, remove, replace or swap with their neighbour. */
unsigned nearest_distance(const char *a, const char *b);

#endif
