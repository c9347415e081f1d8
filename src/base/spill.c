/* Temporary files without a name.  Runs in: leader; reading also in a slot. */
#include "base/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* For file systems that know no O_TMPFILE (open(2)): a name, and away with it. */
static int open_named(const char *directory)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof path, "%s/littled-XXXXXX", directory);

	if (n < 0 || (size_t)n >= sizeof path)
		return -ENAMETOOLONG;
	int fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	unlink(path);
	return fd;
}

int spill_open(struct spill *s, const char *directory)
{
	int fd = open(directory, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		fd = -errno;
	/* The first by file systems that cannot, the others by kernels that do not know it. */
	if (fd == -EOPNOTSUPP || fd == -EISDIR || fd == -EINVAL)
		fd = open_named(directory);
	*s = SPILL_NONE;
	if (fd < 0)
		return fd;
	s->fd = fd;
	return 0;
}

void spill_close(struct spill *s)
{
	if (s->map)
		munmap(s->map, (size_t)s->bytes);
	if (s->fd >= 0)
		close(s->fd);
	*s = SPILL_NONE;
}

int spill_append(struct spill *s, const void *from, size_t len)
{
	const char *at = from;

	while (len > 0) {
		ssize_t n = pwrite(s->fd, at, len, (off_t)s->bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		s->bytes += (uint64_t)n;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

ssize_t spill_read(const struct spill *s, uint64_t offset, void *to, size_t max)
{
	ssize_t n;

	do
		n = pread(s->fd, to, max, (off_t)offset);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int spill_map(struct spill *s)
{
	if (s->map || s->bytes == 0)
		return 0;
	void *map = mmap(NULL, (size_t)s->bytes, PROT_READ, MAP_SHARED, s->fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	s->map = map;
	return 0;
}
