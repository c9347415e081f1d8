/*
 * Whether a start could make its files and sockets, found out without making any: a server that
 * runs, with the same configuration, must not notice.
 */
#ifndef PROC_OUTLOOK_H
#define PROC_OUTLOOK_H

#include "proc/heritage.h"

/* In the directory that paths are relative to.  0; or an exit status (logged). */
int outlook_check(const struct heritage *h);

#endif
