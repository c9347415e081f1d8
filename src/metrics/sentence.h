/*
 * Little's law, of the moment, as a sentence: what a person should read first.
 *
 *	395 RPS x 0.203 s = 80.2 in flight; 40 slots, all busy: the other 40.2 wait
 */
#ifndef METRICS_SENTENCE_H
#define METRICS_SENTENCE_H

#include "metrics/law.h"

#define SENTENCE_BYTES 240

/* Ended by a NUL. */
void sentence_of(const struct law *law, unsigned slots, char out[SENTENCE_BYTES]);

#endif
