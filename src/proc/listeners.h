/*
 * All the listeners of the server: taken over from whoever started us, or opened as `bind` and
 * `admin_bind` say.
 */
#ifndef PROC_LISTENERS_H
#define PROC_LISTENERS_H

#include "conf/supervisor.h"
#include "proc/heritage.h"

/* 0; or, with one line on the error log, an exit status. */
int listeners_open(struct heritage *h, const struct supervisor *s);

/* Also removes the names of unix sockets that are ours. */
void listeners_close(struct heritage *h);

#endif
