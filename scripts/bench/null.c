/*
 * The null server: an epoll loop that answers a fixed response without parsing.
 *
 * It counts requests by their empty line alone, and answers those that came together in one
 * write.  What it costs a request is what the kernel costs: no real server can do better
 * with the same system calls, so other servers are measured as a ratio to it.
 *
 *	null PORT [BODY_BYTES] [close]
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "listen.h"

#define EVENTS 512
#define READ_BYTES 65536
#define COPIES_BYTES (64 * 1024) /* answers ready to be written in one go */
#define HEAD_BYTES 256

struct conn {
	size_t owed;      /* bytes of answers still to be written */
	size_t at;        /* where in the answer the next byte is */
	unsigned matched; /* bytes of CR LF CR LF seen */
	bool is_waiting;  /* for the socket to take more */
};

static struct conn *conns; /* by descriptor */
static size_t conns_max;
static char *answers;
static size_t answer_bytes, answers_bytes;
static bool closes;
static int epoll_fd;

static void make_answers(size_t body_bytes)
{
	char head[HEAD_BYTES];
	int head_bytes = snprintf(head, sizeof head,
				  "HTTP/1.1 200 OK\r\nServer: null\r\nContent-Type: text/plain\r\n"
				  "Content-Length: %zu\r\n%s\r\n",
				  body_bytes, closes ? "Connection: close\r\n" : "");

	answer_bytes = (size_t)head_bytes + body_bytes;
	size_t copies = COPIES_BYTES / answer_bytes + 1;
	answers_bytes = copies * answer_bytes;
	answers = malloc(answers_bytes);
	if (!answers)
		abort();
	for (size_t i = 0; i < copies; i++) {
		char *at = answers + i * answer_bytes;

		memcpy(at, head, (size_t)head_bytes);
		memset(at + head_bytes, 'x', body_bytes);
		if (body_bytes)
			at[answer_bytes - 1] = '\n';
	}
}

/* How many requests end in these bytes.  CR LF CR LF, over the ends of reads too. */
static size_t count_requests(struct conn *c, const char *at, size_t len)
{
	static const char end[4] = "\r\n\r\n";
	const char *stop = at + len;
	size_t count = 0;

	while (at < stop) {
		if (c->matched == 0) {
			at = memchr(at, '\r', (size_t)(stop - at));
			if (!at)
				break;
		}
		c->matched = *at == end[c->matched] ? c->matched + 1 : *at == '\r';
		if (c->matched == sizeof end) {
			c->matched = 0;
			count++;
		}
		at++;
	}
	return count;
}

static void watch(int fd, int operation, unsigned events)
{
	struct epoll_event e = { .events = events, .data.fd = fd };

	epoll_ctl(epoll_fd, operation, fd, &e);
}

static void write_owed(int fd, struct conn *c)
{
	while (c->owed) {
		size_t some = answers_bytes - c->at < c->owed ? answers_bytes - c->at : c->owed;
		ssize_t n = send(fd, answers + c->at, some, MSG_NOSIGNAL);

		if (n < 0) {
			if (errno != EAGAIN) {
				close(fd);
				return;
			}
			if (!c->is_waiting)
				watch(fd, EPOLL_CTL_MOD, EPOLLOUT);
			c->is_waiting = true;
			return;
		}
		c->owed -= (size_t)n;
		c->at = (c->at + (size_t)n) % answer_bytes;
	}
	if (c->is_waiting)
		watch(fd, EPOLL_CTL_MOD, EPOLLIN);
	c->is_waiting = false;
	if (closes)
		close(fd);
}

static void read_requests(int fd, struct conn *c)
{
	static char bytes[READ_BYTES];
	ssize_t n = recv(fd, bytes, sizeof bytes, 0);

	if (n <= 0) {
		if (n == 0 || errno != EAGAIN)
			close(fd);
		return;
	}
	c->owed += count_requests(c, bytes, (size_t)n) * answer_bytes;
	if (c->owed)
		write_owed(fd, c);
}

static void accept_all(int listener)
{
	int fd, yes = 1;

	for (;;) {
		fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return;
		if ((size_t)fd >= conns_max) {
			close(fd);
			continue;
		}
		conns[fd] = (struct conn){ 0 };
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
		watch(fd, EPOLL_CTL_ADD, EPOLLIN);
	}
}

static void serve(int listener)
{
	static struct epoll_event events[EVENTS];

	for (;;) {
		int n = epoll_wait(epoll_fd, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;

			if (fd == listener)
				accept_all(listener);
			else if (conns[fd].is_waiting)
				write_owed(fd, &conns[fd]);
			else
				read_requests(fd, &conns[fd]);
		}
	}
}

static void allow_many_descriptors(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	conns_max = limit.rlim_cur < 1u << 20 ? limit.rlim_cur : 1u << 20;
	conns = calloc(conns_max, sizeof *conns);
	if (!conns)
		abort();
}

int main(int argc, char **argv)
{
	if (argc < 2 || argc > 4) {
		fprintf(stderr, "Usage: null PORT [BODY_BYTES] [close]\n");
		return 2;
	}
	closes = argc > 3 && strcmp(argv[3], "close") == 0;
	allow_many_descriptors();
	make_answers(argc > 2 ? strtoul(argv[2], NULL, 10) : 13);

	int listener = listen_on((unsigned)strtoul(argv[1], NULL, 10));
	fcntl(listener, F_SETFL, O_NONBLOCK);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_fd < 0)
		return 1;
	watch(listener, EPOLL_CTL_ADD, EPOLLIN);
	serve(listener);
}
