/*
 * All the listeners of the server: taken over from whoever started us, or opened as `bind` and
 * `admin_bind` say.
 */
#ifndef PROC_LISTENERS_H
#define PROC_LISTENERS_H

#include "conf/supervisor.h"
#include "proc/heritage.h"
#include "proc/inherited.h"

/* Can they be given to whom the options say?  Opens none: 0, or an exit status (logged). */
int listeners_check(const struct heritage *h);

/* 0; or, with one line on the error log, an exit status. */
int listeners_open(struct heritage *h, const struct supervisor *s);

/*
 * For a new edition of the configuration: what is in `in`, of those before it (listeners_copy()), is
 * taken over, as a new master would from an older one, and the rest is opened.  0, or an exit status
 * (logged).
 */
struct inherited;
int listeners_open_beside(struct heritage *h, struct inherited *in);

/* Copies what an edition listens on.  0 or a negative errno value (logged). */
int listeners_copy(struct inherited *in, const struct heritage *before);

/* What they were opened for, to be given to another master; `gift` has listeners_count() places. */
void listeners_gifts(const struct heritage *h, struct inherited_gift *gift);
unsigned listeners_count(const struct heritage *h);

/* Those that are not among the other's become deaf: see listener_deafen(). */
void listeners_deafen_gone(struct heritage *h, const struct heritage *other);

/* The names of unix sockets that `other` serves as well are its own from now on. */
void listeners_disown(struct heritage *h, const struct heritage *other);

/* Closes those of the addresses served; the names of unix sockets stay as they are. */
void listeners_let_go(struct heritage *h);

/* Closes all for good; another master may go on: the names of unix sockets it serves on stay. */
void listeners_leave(struct heritage *h);

/* Also removes the names of unix sockets that are ours. */
void listeners_close(struct heritage *h);

#endif
