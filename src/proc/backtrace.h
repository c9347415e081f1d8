/*
 * What a thread of this process is doing: its call stack, written to a descriptor.
 *
 * A signal asks the thread itself, whose handler writes.  So it costs nothing until it is used, and
 * works on a thread that computes or sleeps; one that the kernel does not let go (state D) does not
 * answer.  A system call it was in goes on where the kernel can restart it; nanosleep(2), poll(2) and
 * their like return EINTR: ask only those threads that are in trouble already.
 *
 * Frames look like `littled(+0x1234) [0x...]`: `addr2line -fie build/littled 0x1234` names the line.
 */
#ifndef PROC_BACKTRACE_H
#define PROC_BACKTRACE_H

#include <stdbool.h>
#include <sys/types.h>

/* Once a process, before threads: makes backtraces safe to ask for in a signal handler. */
void backtrace_prepare(void);

/*
 * Any thread; one at a time (others wait).  True: it is written.  False: the thread is not there, or
 * did not answer in time (half a second; less when another one did not just before), and the
 * descriptor has a line that says so.  Safe in a signal handler, unless that interrupted this very
 * function.
 */
bool backtrace_of_thread(pid_t thread_id, int fd);

/* The calling thread's own. */
void backtrace_of_caller(int fd);

#endif
