/*
 * Little's law, of the moment, as a sentence: what a person should read first.
 *
 *	395 RPS x 0.203 s = 80.2 in flight; 40 slots, all busy: the other 40.2 wait
 *
 * and, where the window's edges (law.h) are not small beside L,
 *
 *	20 RPS x 5.23 s = 105, and 148 more of those that have not left yet: 253 in flight; 4 slots,
 *	all busy: the other 249 wait
 *
 * The numbers add up as they are printed.
 */
#ifndef METRICS_SENTENCE_H
#define METRICS_SENTENCE_H

#include "metrics/law.h"

#define SENTENCE_BYTES 240

/* Ended by a NUL. */
void sentence_of(const struct law *law, unsigned slots, char out[SENTENCE_BYTES]);

#endif
