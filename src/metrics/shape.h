/*
 * The shape: in how many workers and threads the slots that are needed are to be had.
 */
#ifndef METRICS_SHAPE_H
#define METRICS_SHAPE_H

#include "metrics/advice.h"

/* Fills in a->workers, a->threads and a->shape, for a->slots_needed (above 0) and a->computing. */
void shape_choose(struct advice *a, const struct evidence *e);

/* More slots for what computes would make each slower, and the wait no shorter. */
void shape_refuse_more_slots(struct advice *a, const struct evidence *e);

#endif
