/* The memory of a server's processes, as the kernel accounts for it (proc(5)). */
#ifndef CMD_MEMORY_H
#define CMD_MEMORY_H

#include "metrics/snapshot.h"

/* Proportional set size of a worker in bytes, the mean over those that can be read; 0: of none. */
uint64_t memory_of_workers(const struct snapshot *s);

/* What the system could still give without swapping (MemAvailable), in bytes; 0: not known. */
uint64_t memory_available(void);

#endif
