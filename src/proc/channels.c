/* Opening and closing the channels.  Runs in: master. */
#include "proc/channels.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/sock.h"
#include "proc/letter.h"

/* Room in an inbox; the kernel may grant less. */
#define INBOX_BYTES (1 << 20)

static int open_channel(struct peer_channel *c)
{
	const int bytes = INBOX_BYTES;

	c->poke_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (c->poke_fd < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, c->inbox) < 0)
		return -errno;
	setsockopt(c->inbox[1], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
	return 0;
}

struct peer_channel *peer_channels_open(unsigned seats)
{
	struct peer_channel *p = calloc(seats, sizeof *p);

	if (!p)
		return NULL;
	for (unsigned i = 0; i < seats; i++)
		p[i] = (struct peer_channel){ .inbox = { -1, -1 }, .poke_fd = -1 };
	for (unsigned i = 0; i < seats; i++)
		if (open_channel(&p[i]) < 0) {
			peer_channels_close(p, seats);
			return NULL;
		}
	return p;
}

void peer_channels_close(struct peer_channel *p, unsigned seats)
{
	for (unsigned i = 0; p && i < seats; i++) {
		if (p[i].inbox[0] >= 0)
			sock_close(p[i].inbox[0]);
		if (p[i].inbox[1] >= 0)
			sock_close(p[i].inbox[1]);
		if (p[i].poke_fd >= 0)
			close(p[i].poke_fd);
	}
	free(p);
}

void peer_channel_empty(const struct peer_channel *p)
{
	struct letter_in in;

	while (letter_receive(p->inbox[0], &in) == 0)
		letter_discard(&in);
}
