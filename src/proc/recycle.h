/*
 * Recycling: a worker that has served its number of requests, or takes more memory than it may,
 * asks to be replaced (worker_retire).  It serves on until its successor is ready.
 */
#ifndef PROC_RECYCLE_H
#define PROC_RECYCLE_H

#include <stdint.h>

struct worker;

struct recycle {
	uint64_t requests, requests_max; /* taken so far; 0: no limit */
	int statm_fd;                    /* /proc/self/statm; -1: memory is not watched */
};

/* Once, when the worker starts. */
void recycle_open(struct worker *w);

/* Leader: one more request was taken. */
void recycle_count(struct worker *w);

/* Leader, now and then: looks at the memory. */
void recycle_look(struct worker *w);

#endif
