/*
 * The file that says which process is the master.
 *
 * The lock on it, not the file, says that a server runs: one left by a crash is taken over.
 */
#ifndef PROC_PIDFILE_H
#define PROC_PIDFILE_H

#include <stddef.h>

struct pidfile {
	const char *path; /* the caller's */
	char *aside;      /* another name, while an older master of ours has that one; or NULL */
	int fd;           /* locked while we run; -1: there is none */
};

/*
 * Locks it, and writes our number into it.  0, or a negative errno value and a sentence in
 * why[why_bytes]; -EWOULDBLOCK: another server runs.
 */
int pidfile_open(struct pidfile *p, const char *path, char *why, size_t why_bytes);

/* The same, beside the name (proc/aside.h) until the older master is gone: then it gets it. */
int pidfile_open_aside(struct pidfile *p, const char *path, char *why, size_t why_bytes);
int pidfile_promote(struct pidfile *p);

/* Removes what a master that was killed has left under that name. */
void pidfile_clear_aside(const char *path);

/* Removes it: the owner's part. */
void pidfile_close(struct pidfile *p);

/* In a child: the lock must end with the master, whoever outlives it. */
void pidfile_forget(struct pidfile *p);

#endif
