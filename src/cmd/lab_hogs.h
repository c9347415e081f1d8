/*
 * Experiments on what holds a slot for long: 11 to 13.
 * Each 0, or a negative errno value with lab->why.
 */
#ifndef CMD_LAB_HOGS_H
#define CMD_LAB_HOGS_H

#include "cmd/lab_step.h"

int lab_measure_hog(struct lab *lab);          /* 11 */
int lab_measure_cure(struct lab *lab);         /* 12 */
int lab_measure_slow_clients(struct lab *lab); /* 13 */

#endif
