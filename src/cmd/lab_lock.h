/*
 * Experiments on an interpreter's lock that no step can say:
 * 19 and 22.  Each 0, or a negative errno value with lab->why.
 */
#ifndef CMD_LAB_LOCK_H
#define CMD_LAB_LOCK_H

#include "cmd/lab_step.h"

int lab_measure_released_lock(struct lab *lab); /* 19 */
int lab_measure_switches(struct lab *lab);      /* 22 */

#endif
