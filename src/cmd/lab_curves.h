/* Experiment 47: throughput over concurrency.  0, or a negative errno value with lab->why. */
#ifndef CMD_LAB_CURVES_H
#define CMD_LAB_CURVES_H

#include "cmd/lab_step.h"

int lab_measure_curves(struct lab *lab); /* 47 */

#endif
