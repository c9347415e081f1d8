/*
 * Deadlines of handlers: `timeout` is the longest a slot may be held.
 *
 * C cannot end a thread from outside and go on.  So a slot whose handler runs past it is *written
 * off*: the log says where it hangs, the client gets 504 (or its answer is cut, when the head is
 * out), and the worker asks to be replaced.  Its other slots go on until the replacement serves;
 * then it drains, and leaves without waiting for the lost ones.  See http/hold.h for who wins when
 * a handler ends in the very moment of its deadline.
 */
#ifndef PROC_WRITEOFF_H
#define PROC_WRITEOFF_H

struct worker;

/* Watches the slots, when there is a timeout. */
void writeoff_open(struct worker *w);

#endif
