/* System calls on sockets.  Runs in: leader, slot; listeners in the master. */
#include "net/sock.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"

static uint64_t arrival_of(struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		struct scm_timestamping stamp;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPING)
			continue;
		memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
		return timespec_ns(stamp.ts[0]); /* software; [2] would be the card's own clock */
	}
	return 0;
}

int sock_receive(int fd, void *into, size_t room, struct sock_read *got)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct scm_timestamping))];
	struct iovec iov = { into, room };
	struct msghdr m = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof control,
	};
	ssize_t n;

	do
		n = recvmsg(fd, &m, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	got->bytes = (size_t)n;
	got->arrived_real = arrival_of(&m);
	return 0;
}

long sock_send(int fd, const struct iovec *iov, unsigned count, bool more)
{
	struct msghdr m = { .msg_iov = (struct iovec *)iov, .msg_iovlen = count };
	int flags = MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0);
	ssize_t n;

	do
		n = sendmsg(fd, &m, flags);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* Client sockets are non-blocking (accept4(2)), and SIGPIPE is ignored: sendfile(2) has no flags. */
long sock_send_file(int fd, int file, off_t offset, size_t len)
{
	ssize_t n;

	do
		n = sendfile(fd, file, &offset, len);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

bool sock_await_room(int fd, uint64_t ns)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, (int)(ns / NS_PER_MS)) > 0;
}

uint64_t sock_unsent(int fd)
{
	int bytes = 0;

	return ioctl(fd, SIOCOUTQ, &bytes) == 0 && bytes > 0 ? (uint64_t)bytes : 0;
}

enum sock_end sock_end(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLRDHUP };

	if (poll(&p, 1, 0) <= 0)
		return SOCK_OPEN;
	return p.revents & (POLLERR | POLLHUP) ? SOCK_GONE : SOCK_READ_ENDED;
}

bool sock_is_quiet(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

bool sock_has_waiting(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

void sock_stamp_arrivals(int fd)
{
	int flags = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;

	/* Where it is refused, requests count from the first read (counter read_stamps). */
	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags);
}

void sock_finish(int fd)
{
	shutdown(fd, SHUT_WR);
}

void sock_cut(int fd)
{
	shutdown(fd, SHUT_RDWR);
}

/*
 * Dissolving the association aborts it (connect(2); tcp_disconnect() in the kernel).  By number: a
 * thread may be sending, and the thread sanitizer takes connect() for the making of a descriptor.
 */
void sock_reset(int fd)
{
	const struct sockaddr nobody = { .sa_family = AF_UNSPEC };

	syscall(SYS_connect, fd, &nobody, sizeof nobody);
}

void sock_reset_on_close(int fd, bool is_on)
{
	const struct linger at_once = { .l_onoff = is_on, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void sock_close(int fd)
{
	close(fd);
}
