/*
 * Edit distance, for "did you mean".
 *
 * Runs in: master
 */
#include "conf/nearest.h"

#include <limits.h>
#include <string.h>

#define NAME_BYTES_MAX 64 /* longer is near to nothing */
#define FARTHEST 3

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/*
 * Optimal string alignment, three rows of the table at a time: `now` is being filled, `above`
 * is the row before it and `above2` the one before that, needed for swaps.
 */
unsigned nearest_distance(const char *a, const char *b)
{
	unsigned rows[3][NAME_BYTES_MAX + 1];
	size_t a_len = strlen(a), b_len = strlen(b);

	if (a_len > NAME_BYTES_MAX || b_len > NAME_BYTES_MAX)
		return UINT_MAX;
	for (unsigned j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (unsigned i = 1; i <= a_len; i++) {
		unsigned *now = rows[i % 3], *above = rows[(i + 2) % 3];
		unsigned *above2 = rows[(i + 1) % 3];

		now[0] = i;
		for (unsigned j = 1; j <= b_len; j++) {
			unsigned changed = a[i - 1] != b[j - 1];

			now[j] = least(least(above[j], now[j - 1]) + 1, above[j - 1] + changed);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = least(now[j], above2[j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}

void nearest_init(struct nearest *n, const char *typed)
{
	*n = (struct nearest){ .typed = typed, .distance = FARTHEST + 1 };
}

void nearest_try(struct nearest *n, const char *name)
{
	unsigned distance = nearest_distance(n->typed, name);

	/* A word all of whose letters must change resembles nothing. */
	if (distance >= n->distance || distance >= strlen(name) || distance >= strlen(n->typed))
		return;
	n->best = name;
	n->distance = distance;
}
