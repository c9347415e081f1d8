/*
 * Telling the service manager how we are: the datagrams of sd_notify(3), whose form is the
 * interface (no library is needed for one sendto).
 */
#ifndef PROC_NOTIFY_H
#define PROC_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/supervisor.h"
#include "metrics/board.h"

struct notify {
	int fd;                   /* connected; -1: nobody listens */
	uint64_t watchdog_ns;     /* 0: none */
	uint64_t watchdog_due_ns; /* the next sign of life; UINT64_MAX: none */
};

/* Never fails: who cannot be told is not told (and that is logged). */
void notify_open(struct notify *n, const struct supervisor *s, uint64_t now_ns);
void notify_close(struct notify *n);

/* Fields such as "READY=1\nSTATUS=serving", one a line. */
void notify_send(const struct notify *n, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* "RELOADING=1", with the time that systemd wants beside it. */
void notify_reloading(const struct notify *n, uint64_t now_ns);

/*
 * Sends the sign of life when it is due and some leader turns: a single worker that does not is
 * the master's to replace; when none does, a new start is what is left.
 */
void notify_watchdog(struct notify *n, struct board *b, uint64_t now_ns);

/* Has a worker that is ready turned its loop within `fresh_ns`?  True as well when none is ready. */
bool notify_has_turned(struct board *b, uint64_t now_ns, uint64_t fresh_ns);

#endif
