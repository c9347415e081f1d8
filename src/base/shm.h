/*
 * Memory shared by the master and what it forks.
 *
 * An anonymous file (memfd_create(2)): it has no name to clean up after a crash, and the
 * owner's other processes can still map it through /proc/PID/fd.
 */
#ifndef BASE_SHM_H
#define BASE_SHM_H

#include <stddef.h>

struct shm {
	void *at;
	size_t bytes;
	int fd;
};

/* Zeroed, page aligned.  0 or a negative errno value. */
int shm_open_new(struct shm *m, const char *name, size_t bytes);

/* Maps an existing one for reading; `path` is a file or a /proc/PID/fd/N. */
int shm_open_path(struct shm *m, const char *path);

/* Maps one that was received; the descriptor is then shm_close()'s, whatever comes back. */
int shm_open_fd(struct shm *m, int fd);

void shm_close(struct shm *m);

#endif
