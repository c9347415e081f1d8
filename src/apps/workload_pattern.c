/*
 * 64 MiB that cost one: the same megabyte of text mapped 64 times in a row, so that any
 * answer of /bytes is one reference and nothing is copied.
 *
 * Runs in: master, before the fork: all workers share the one megabyte.
 */
#include "workload.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A power of two, so that the lines run on from piece to piece. */
static const char line[64 + 1] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.\n";

static int fill(int fd)
{
	char *piece = mmap(NULL, WORKLOAD_PIECE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (piece == MAP_FAILED)
		return -errno;
	for (size_t at = 0; at < WORKLOAD_PIECE_BYTES; at += sizeof line - 1)
		memcpy(piece + at, line, sizeof line - 1);
	munmap(piece, WORKLOAD_PIECE_BYTES);
	return 0;
}

/* First the addresses in one reservation, then the pieces over it. */
static int map_repeatedly(int fd, const char **at)
{
	char *all = mmap(NULL, WORKLOAD_BYTES_MAX, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (all == MAP_FAILED)
		return -errno;
	for (size_t i = 0; i < WORKLOAD_BYTES_MAX; i += WORKLOAD_PIECE_BYTES) {
		if (mmap(all + i, WORKLOAD_PIECE_BYTES, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) !=
		    MAP_FAILED)
			continue;
		int error = -errno;
		munmap(all, WORKLOAD_BYTES_MAX);
		return error;
	}
	*at = all;
	return 0;
}

int workload_pattern_open(struct workload_pattern *p)
{
	int fd = memfd_create("littled-workload", MFD_CLOEXEC);
	int error = 0;

	*p = (struct workload_pattern){ .fd = fd };
	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)WORKLOAD_PIECE_BYTES) < 0)
		error = -errno;
	if (error == 0)
		error = fill(fd);
	if (error == 0)
		error = map_repeatedly(fd, &p->at);
	if (error)
		close(fd);
	return error;
}

void workload_pattern_close(struct workload_pattern *p)
{
	munmap((void *)(uintptr_t)p->at, WORKLOAD_BYTES_MAX);
	close(p->fd);
	*p = (struct workload_pattern){ .fd = -1 };
}
