/* One blocking connection at a time.  Runs in: the lab's process. */
#include "cmd/lab_peer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/bench_target.h"

#define WAIT_NS (5 * NS_PER_S)
#define LOOK_AGAIN_NS (1 * NS_PER_MS)

static int connect_to(const struct endpoint *e)
{
	int fd = socket(e->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&e->address, e->address_bytes) == 0)
		return fd;
	int error = -errno;
	close(fd);
	return error;
}

static int send_all(int fd, const char *text)
{
	ssize_t sent = send(fd, text, strlen(text), MSG_NOSIGNAL);

	if (sent == (ssize_t)strlen(text))
		return fd;
	int error = sent < 0 ? -errno : -EPIPE;
	close(fd);
	return error;
}

int lab_peer_open(const struct lab_server *s, const char *text, struct buf *why)
{
	struct targets t = { .count = 0 };
	char url[128];

	snprintf(url, sizeof url, "%s/", s->url);
	int fd = targets_add(&t, url, 1, why);
	if (fd == 0) {
		fd = connect_to(&t.endpoint[0]);
		if (fd >= 0)
			fd = send_all(fd, text);
		if (fd < 0)
			buf_printf(why, "a slow client: %s", strerror(-fd));
	}
	targets_fini(&t);
	return fd;
}

int lab_peer_ask(const struct lab_server *s, const char *path, struct buf *why)
{
	char text[160];

	snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: lab\r\n\r\n", path);
	return lab_peer_open(s, text, why);
}

int lab_peer_wait(const struct lab_server *s, unsigned in_flight, struct buf *why)
{
	uint64_t deadline = clock_mono_ns() + WAIT_NS;
	struct lab_board *b = lab_board_open(s, why);

	if (!b)
		return -EIO;
	while (atomic_load(&lab_board_read(b, 1)->board->in_flight) < in_flight &&
	       clock_mono_ns() < deadline)
		nanosleep(&(struct timespec){ .tv_nsec = (long)LOOK_AGAIN_NS }, NULL);
	bool is_there = atomic_load(&lab_board_read(b, 1)->board->in_flight) >= in_flight;
	lab_board_close(&b);
	if (is_there)
		return 0;
	buf_puts(why, "the slow request did not reach its slot");
	return -ETIMEDOUT;
}
