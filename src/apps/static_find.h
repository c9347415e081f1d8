/*
 * Files below the root, found by the kernel under its own guard: openat2(2) with RESOLVE_BENEATH
 * and RESOLVE_NO_MAGICLINKS.  Whatever a path or a symbolic link says, what is not below the
 * root is not found.
 *
 * The root is looked up anew for every request, so that a site that is replaced (a link turned to
 * the next release, a folder built afresh) is served without a reload.
 *
 * Two ways of looking: one that may wait for the disk, for slots, and one that never does, for
 * the leader; the latter fails with -EAGAIN where the names are not in the kernel's cache.
 */
#ifndef APPS_STATIC_FIND_H
#define APPS_STATIC_FIND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Two files, or two states of one, are the same only if all of this is. */
struct static_identity {
	uint64_t device, inode, size;
	int64_t modified_ns, changed_ns; /* since 1970: mtime, ctime */
};

struct static_file {
	int fd;
	mode_t mode;
	struct static_identity identity;
};

struct static_root {
	int fd;
	uint64_t resolve; /* RESOLVE_ flags of every look-up below it */
	bool may_wait;
};

/* Whether this system can serve files without waiting, where, and at all. */
struct static_abilities {
	bool looks_in_cache; /* the kernel has RESOLVE_CACHED (Linux 5.12) */
	bool is_in_memory;   /* the root's file system is: nothing there waits for a disk */
};

/* 0 or a negative errno value: -ENOSYS without openat2(2) (Linux 5.6). */
int static_find_abilities(struct static_abilities *a, const char *folder);

/* 0 or a negative errno value. */
int static_root_open(struct static_root *r, const char *folder, const struct static_abilities *a,
		     bool may_wait);
void static_root_close(struct static_root *r);

/*
 * What there is of that name ("" is the root itself), without opening it: f->fd is good for
 * nothing but its identity.  A FIFO or a device is not touched.  0 or a negative errno value.
 */
int static_find(const struct static_root *r, const char *path, struct static_file *f);

/* Opens a regular file or a folder for reading; whatever else it is: -EACCES.  May wait. */
int static_find_open(const struct static_root *r, const char *path, struct static_file *f);

/* What its identity is now, after something was read from it.  0 or a negative errno value. */
int static_find_again(const struct static_file *f, struct static_identity *identity);

void static_file_close(struct static_file *f);

bool static_identity_eq(const struct static_identity *a, const struct static_identity *b);

#endif
