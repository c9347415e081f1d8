/*
 * Upgrading: a new binary beside the running one, sharing its listeners.
 *
 *	old:  serving --USR2--> serving, with an heir --WINCH--> no workers --TERM--> gone
 *	new:                     starting --> serving --------------------------------> promoted
 *	                                                 | TERM: back to the old one (HUP brings
 *	                                                 v back its workers)
 *
 * Both are masters of their own; neither knows the other's workers.  While the other lives, who
 * stops leaves the listeners to it: no queue is emptied, no unix socket's name removed, and idle
 * connections have their usual time, since nothing hurries.  Until it is promoted, the new one's
 * pid file has ".2" behind its name.
 */
#ifndef PROC_UPGRADE_H
#define PROC_UPGRADE_H

#include <stdbool.h>
#include <sys/types.h>

#include "proc/edition.h"

struct upgrade {
	struct foundation *foundation;
	const struct reading *reading;
	pid_t heir;         /* the new master we have started; 0: none */
	pid_t predecessor;  /* the one that has started us, while it lives; 0: none */
	int predecessor_fd; /* readable when it is gone; -1 */
	int why_fd;         /* where the heir says why it could not become one; -1: none */
	unsigned clearings; /* what a dead heir has left is looked for so many times more */
};

void upgrade_open(struct upgrade *u, struct foundation *f, const struct reading *reading);
void upgrade_close(struct upgrade *u);

/* Starts the new binary; false (logged): there is a relative already, or it cannot be. */
bool upgrade_start(struct upgrade *u);

/* Another master serves on our listeners. */
bool upgrade_has_relative(const struct upgrade *u);

/* The heir has ended (true), which is logged; another child (false). */
bool upgrade_on_child(struct upgrade *u, pid_t pid, int wait_status);

/* Once a second: a child that the heir had just forked may have held open what it left. */
void upgrade_clear_aside(struct upgrade *u);

/* The predecessor is gone: we are the one master now. */
void upgrade_promote(struct upgrade *u);

#endif
