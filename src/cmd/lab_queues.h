/* Experiments on waiting: 9, 10, 48 and 50.  Each 0, or a negative errno value with lab->why. */
#ifndef CMD_LAB_QUEUES_H
#define CMD_LAB_QUEUES_H

#include "cmd/lab_step.h"

int lab_measure_comfort(struct lab *lab);  /* 9 */
int lab_measure_law(struct lab *lab);      /* 10 */
int lab_measure_pooling(struct lab *lab);  /* 48 */
int lab_measure_omission(struct lab *lab); /* 50 */

#endif
