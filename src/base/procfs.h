/* What the kernel tells of a process: proc(5). */
#ifndef BASE_PROCFS_H
#define BASE_PROCFS_H

#include <stddef.h>
#include <sys/types.h>

/*
 * The beginning of /proc/PID/`name`, as much as fits, and a NUL: its length; 0, and an empty text,
 * when there is no such process, or it may not be looked at.
 */
size_t procfs_read(pid_t pid, const char *name, char *text, size_t bytes);

#endif
