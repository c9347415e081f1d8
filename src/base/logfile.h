/*
 * A file that lines are added to, by several processes at once, and that is renamed under them.
 *
 * Each process has it open for itself once it was reopened.  The master reopens first: it may make
 * files where workers, run as another user, may not, and hands them over.
 */
#ifndef BASE_LOGFILE_H
#define BASE_LOGFILE_H

#include <stdbool.h>
#include <sys/types.h>

/* Whoever makes a file keeps it. */
#define LOGFILE_OURS ((uid_t)-1)

/* Files made from now on are given to that user: theirs who will have to open them again. */
void logfile_set_owner(uid_t uid, gid_t gid);

/* A descriptor to add to, or a negative errno value.  What is not there is made. */
int logfile_open(const char *path);

/* Is there another file, or none, where `fd` was opened?  Not for who may not look. */
bool logfile_is_moved(const char *path, int fd);

/*
 * Puts the file that is at `path` now under the number `fd`, which threads may be writing to; a
 * file that was not moved stays as it is.  0 or a negative errno value: then the old one stays.
 */
int logfile_reopen(const char *path, int fd);

#endif
