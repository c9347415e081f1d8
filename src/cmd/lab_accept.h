/* Experiment 49: who accepts.  0, or a negative errno value with lab->why. */
#ifndef CMD_LAB_ACCEPT_H
#define CMD_LAB_ACCEPT_H

#include "cmd/lab_step.h"

int lab_measure_accepting(struct lab *lab); /* 49 */

#endif
