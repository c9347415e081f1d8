/*
 * Finding a running server's board: the only one there is, or the one that is named.
 *
 * The board has no name in any file system; it is found as an open file of its master,
 * /proc/PID/fd/N, which takes the right to look there: the server's user, or root.
 */
#ifndef CMD_INSTANCE_H
#define CMD_INSTANCE_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/shm.h"

/* What the user said of it; all empty: the only one that runs. */
struct instance {
	pid_t pid;         /* of the master or one of its workers; 0: not given */
	const char *board; /* a file or /proc/PID/fd/N; NULL: not given */
};

/*
 * Maps the board for reading.  0; or -ENOENT, -EEXIST
 * (several) and other errors, with a sentence in `why`.
 */
int instance_open(struct shm *board, const struct instance *which, struct buf *why);

#endif
