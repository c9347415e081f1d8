/*
 * When descriptors, or memory for sockets, run out (EMFILE, ENFILE, ENOBUFS, ENOMEM).
 *
 * One descriptor is held in reserve.  In need its place is given to one more connection, which
 * is answered and then closed, so that somebody is served even when all others are held by
 * clients who do nothing.  What cannot be accepted waits in the kernel's queue.
 *
 * A shortage is told once, when it begins, and once when it has been over for a moment.
 */
#ifndef NET_SHORTAGE_H
#define NET_SHORTAGE_H

#include <stdbool.h>
#include <stdint.h>

struct shortage {
	int reserve_fd;     /* -1: lent, or never had */
	uint64_t since_ns;  /* 0: there is none */
	uint64_t latest_ns; /* of the failures */
	uint64_t limit;     /* of descriptors, as of looked_ns; 0: not looked yet */
	uint64_t looked_ns;
	uint64_t others; /* that were in use beside connections when the first one came */
};

/* Takes the reserve, if it can. */
void shortage_init(struct shortage *s);
void shortage_fini(struct shortage *s);

/* Is this errno value one? */
bool shortage_is(int error);

/* A connection could not be accepted for it, or only with the reserve; or one could. */
void shortage_met(struct shortage *s, int error, uint64_t now_ns);
void shortage_not_met(struct shortage *s, uint64_t now_ns);

/* Nobody was accepted, for it is known to go on. */
void shortage_lasts(struct shortage *s, uint64_t now_ns);

/*
 * Is there, with this descriptor just given and so many connections, hardly more than the files of a
 * request need?  The lowest free one is given, so a high one means that few are left; but not every
 * low one that many are.
 */
bool shortage_is_near(struct shortage *s, int fd, unsigned conns, uint64_t now_ns);

/* Frees the reserved descriptor; false: there is none. */
bool shortage_lend(struct shortage *s);

/* Takes a descriptor into reserve again, or has one; false: there is none to be had. */
bool shortage_refill(struct shortage *s);

#endif
