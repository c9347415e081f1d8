/* Looking for files, and opening them.  Runs in: leader (never waits), slot. */
#include "static_find.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define GUARD (RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS)

/* A look-up that met a rename on its way is tried again so often. */
#define TRIES_MAX 8

#define NS_PER_S 1000000000

static int open_with(int at, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = { .flags = (uint64_t)(flags | O_CLOEXEC), .resolve = resolve };
	long fd = syscall(SYS_openat2, at, path, &how, sizeof how);

	return fd < 0 ? -errno : (int)fd;
}

static int open_beneath(const struct static_root *r, const char *path, int flags)
{
	int tries = r->may_wait ? TRIES_MAX : 1, fd;

	do
		fd = open_with(r->fd, *path ? path : ".", flags, r->resolve);
	while (fd == -EAGAIN && --tries > 0);
	return fd;
}

/* Some file systems can tell of times that 64 bits of nanoseconds cannot. */
static int64_t to_ns(struct statx_timestamp t)
{
	int64_t ns;

	if (__builtin_mul_overflow(t.tv_sec, NS_PER_S, &ns) ||
	    __builtin_add_overflow(ns, t.tv_nsec, &ns))
		return t.tv_sec < 0 ? INT64_MIN : INT64_MAX;
	return ns;
}

/* `flags`: AT_STATX_DONT_SYNC where a file server must not be asked. */
static int look(struct static_file *f, int flags)
{
	struct statx s;

	if (statx(f->fd, "", AT_EMPTY_PATH | flags, STATX_BASIC_STATS, &s) < 0)
		return -errno;
	f->mode = s.stx_mode;
	f->identity = (struct static_identity){
		.device = (uint64_t)s.stx_dev_major << 32 | s.stx_dev_minor,
		.inode = s.stx_ino,
		.size = s.stx_size,
		.modified_ns = to_ns(s.stx_mtime),
		.changed_ns = to_ns(s.stx_ctime),
	};
	return 0;
}

int static_find_abilities(struct static_abilities *a, const char *folder)
{
	struct statfs fs;
	int fd = open_with(AT_FDCWD, folder, O_PATH | O_DIRECTORY, 0);

	if (fd < 0)
		return fd;
	a->is_in_memory =
		fstatfs(fd, &fs) == 0 && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
	int again = open_with(fd, ".", O_PATH, GUARD | RESOLVE_CACHED);
	a->looks_in_cache = again >= 0 || again == -EAGAIN;
	if (again >= 0)
		close(again);
	close(fd);
	return 0;
}

int static_root_open(struct static_root *r, const char *folder, const struct static_abilities *a,
		     bool may_wait)
{
	uint64_t cached = may_wait || a->is_in_memory ? 0 : RESOLVE_CACHED;

	if (cached && !a->looks_in_cache)
		return -EAGAIN;
	r->fd = open_with(AT_FDCWD, folder, O_PATH | O_DIRECTORY, cached);
	r->resolve = GUARD | cached;
	r->may_wait = may_wait;
	return r->fd < 0 ? r->fd : 0;
}

void static_root_close(struct static_root *r)
{
	close(r->fd);
	r->fd = -1;
}

/* What cannot be told of a file is as bad as not to find it. */
static int look_or_close(struct static_file *f, int flags)
{
	int error;

	if (f->fd < 0)
		return f->fd;
	error = look(f, flags);
	if (error < 0)
		static_file_close(f);
	return error;
}

int static_find(const struct static_root *r, const char *path, struct static_file *f)
{
	f->fd = open_beneath(r, path, O_PATH);
	return look_or_close(f, r->may_wait ? 0 : AT_STATX_DONT_SYNC);
}

/* O_NONBLOCK: should a FIFO have taken the file's place meanwhile, this does not wait for it. */
int static_find_open(const struct static_root *r, const char *path, struct static_file *f)
{
	f->fd = open_beneath(r, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	int error = look_or_close(f, 0);

	if (error == 0 && !S_ISREG(f->mode) && !S_ISDIR(f->mode)) {
		static_file_close(f);
		return -EACCES;
	}
	return error;
}

int static_find_again(const struct static_file *f, struct static_identity *identity)
{
	struct static_file now = { .fd = f->fd };
	int error = look(&now, 0);

	*identity = now.identity;
	return error;
}

void static_file_close(struct static_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

bool static_identity_eq(const struct static_identity *a, const struct static_identity *b)
{
	return a->inode == b->inode && a->changed_ns == b->changed_ns && a->size == b->size &&
	       a->modified_ns == b->modified_ns && a->device == b->device;
}
