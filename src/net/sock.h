/*
 * Sockets: receiving with the kernel's arrival stamp, sending, closing.
 *
 * The only place that calls recvmsg(2), sendmsg(2), sendfile(2) on client sockets, and close(2) on
 * any socket.  All are non-blocking.
 */
#ifndef NET_SOCK_H
#define NET_SOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

struct sock_read {
	size_t bytes;          /* 0 with no error: end of file */
	uint64_t arrived_real; /* kernel receive stamp, CLOCK_REALTIME ns; 0: the socket has none */
};

/* 0, or a negative errno value: -EAGAIN when nothing is there. */
int sock_receive(int fd, void *into, size_t room, struct sock_read *got);

/* Bytes sent, or a negative errno value.  `more`: something follows at once (MSG_MORE). */
long sock_send(int fd, const struct iovec *iov, unsigned count, bool more);

/* Bytes of a file sent from `offset` on; 0: the file ends there; or a negative errno value. */
long sock_send_file(int fd, int file, off_t offset, size_t len);

/* Waits until there is room in the send buffer, or the socket failed; false: neither came. */
bool sock_await_room(int fd, uint64_t ns);

/* Bytes given to the kernel that the other side has not acknowledged (unix: not read). */
uint64_t sock_unsent(int fd);

/*
 * SOCK_READ_ENDED: the other side will send no more; whether it still reads is not known (of a
 * unix socket: it does).  SOCK_GONE: nothing can be sent any more.
 */
enum sock_end { SOCK_OPEN, SOCK_READ_ENDED, SOCK_GONE };
enum sock_end sock_end(int fd);

/* Is there nothing to read, and no end of file? */
bool sock_is_quiet(int fd);

/* Does a connection wait to be accepted from this listening socket? */
bool sock_has_waiting(int fd);

/* Asks the kernel to stamp what is received; inherited by accepted sockets. */
void sock_stamp_arrivals(int fd);

/* Says end of file to the client, whoever else holds the socket open. */
void sock_finish(int fd);

/* Ends it in both directions, whoever else holds it open: their sends fail from now on. */
void sock_cut(int fd);

/* Throws away what is unsent and tells the client so (RST), as sock_cut(); no effect on unix. */
void sock_reset(int fd);

/* The same by its closing, even by our death; or no longer. */
void sock_reset_on_close(int fd, bool is_on);

void sock_close(int fd);

#endif
