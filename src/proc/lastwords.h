/*
 * Last words: what a worker says on SIGABRT before it dies of it.
 *
 * Each slot's state, the stack of each thread in one, and that of the leader, on the error log.  The
 * master sends SIGABRT to a worker whose loop does not turn; anybody may, to learn what it is at.
 */
#ifndef PROC_LASTWORDS_H
#define PROC_LASTWORDS_H

struct worker;

/* Once, when the worker starts, after backtrace_prepare(). */
void lastwords_prepare(const struct worker *w);

/* Its slots are open: from now on they are told of. */
void lastwords_have_slots(void);

#endif
