/* What the master says of itself when it starts: once, on the error log. */
#ifndef PROC_BANNER_H
#define PROC_BANNER_H

#include "proc/heritage.h"

/* How many workers and slots, on how many CPUs; and where they listen. */
void banner_print(const struct heritage *h);

#endif
