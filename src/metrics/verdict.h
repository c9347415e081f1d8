/*
 * The verdict: what limits a service now, the first of bounds.def's that the evidence shows.
 */
#ifndef METRICS_VERDICT_H
#define METRICS_VERDICT_H

#include "metrics/advice.h"

/* Fills in a->bound and the sentence a->evidence; wants the measured figures and a->computing. */
void verdict_of(struct advice *a, const struct evidence *e);

#endif
