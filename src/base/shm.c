/* Shared memory without a name.  Runs in: master, and readers of its board. */
#include "base/shm.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int map(struct shm *m, int protection)
{
	m->at = mmap(NULL, m->bytes, protection, MAP_SHARED, m->fd, 0);
	if (m->at != MAP_FAILED)
		return 0;

	int error = -errno;
	close(m->fd);
	*m = (struct shm){ .fd = -1 };
	return error;
}

int shm_open_new(struct shm *m, const char *name, size_t bytes)
{
	*m = (struct shm){ .fd = memfd_create(name, MFD_CLOEXEC), .bytes = bytes };
	if (m->fd < 0)
		return -errno;
	if (fchmod(m->fd, 0600) < 0 || ftruncate(m->fd, (off_t)bytes) < 0) {
		int error = -errno;

		close(m->fd);
		m->fd = -1;
		return error;
	}
	return map(m, PROT_READ | PROT_WRITE);
}

int shm_open_fd(struct shm *m, int fd)
{
	struct stat st;

	*m = (struct shm){ .fd = fd };
	if (fd < 0)
		return -EBADF;
	if (fstat(fd, &st) < 0 || st.st_size == 0) {
		shm_close(m);
		return -EINVAL;
	}
	m->bytes = (size_t)st.st_size;
	return map(m, PROT_READ);
}

int shm_open_path(struct shm *m, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		*m = (struct shm){ .fd = -1 };
		return -errno;
	}
	return shm_open_fd(m, fd);
}

void shm_close(struct shm *m)
{
	if (m->at)
		munmap(m->at, m->bytes);
	if (m->fd >= 0)
		close(m->fd);
	*m = (struct shm){ .fd = -1 };
}
