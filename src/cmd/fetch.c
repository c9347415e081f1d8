/* Asking a statistics listener.  Runs in: a command's process. */
#include "cmd/fetch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "cmd/bench_target.h"

#define WAIT_S 5
#define ANSWER_MAX (64u << 20)

static int complain(struct buf *why, const char *url, const char *what)
{
	buf_printf(why, "%s: %s", url, what);
	return -EIO;
}

static int open_socket(const struct endpoint *e)
{
	const struct timeval patience = { .tv_sec = WAIT_S };
	int fd = socket(e->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if (connect(fd, (const struct sockaddr *)&e->address, e->address_bytes) == 0)
		return fd;
	int error = -errno;
	close(fd);
	return error;
}

static int exchange(int fd, const struct target *t, struct buf *answer)
{
	ssize_t n = send(fd, t->wire, t->wire_bytes, MSG_NOSIGNAL);
	char piece[16384];

	if (n != (ssize_t)t->wire_bytes)
		return n < 0 ? -errno : -EPIPE;
	while ((n = recv(fd, piece, sizeof piece, 0)) > 0)
		buf_append(answer, piece, (size_t)n);
	if (n < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return answer->is_short ? -EMSGSIZE : 0;
}

/* Asked to close, a server of ours sends the body as it is, to the end of the connection. */
static int take_body(const struct buf *answer, const char *url, struct buf *body, struct buf *why)
{
	const char *end = answer->len ? memmem(answer->at, answer->len, "\r\n\r\n", 4) : NULL;
	char status[4] = "";

	if (!end || answer->len < 12 || memcmp(answer->at, "HTTP/1.", 7) != 0)
		return complain(why, url, "this was no HTTP answer");
	memcpy(status, answer->at + 9, 3);
	if (strcmp(status, "200") != 0) {
		buf_printf(why, "%s: answered with status %s", url, status);
		return -EIO;
	}
	end += 4;
	buf_append(body, end, answer->len - (size_t)(end - answer->at));
	return 0;
}

static int fetch_target(const struct targets *t, struct buf *body, struct buf *why)
{
	const char *url = t->target[0].url;
	struct buf answer;
	int fd = open_socket(&t->endpoint[0]);

	if (fd < 0)
		return complain(why, url, strerror(-fd));
	buf_init(&answer, ANSWER_MAX);
	int error = exchange(fd, &t->target[0], &answer);
	close(fd);
	error = error ? complain(why, url, strerror(-error)) : take_body(&answer, url, body, why);
	buf_fini(&answer);
	return error;
}

int fetch(const char *base, const char *path, struct buf *body, struct buf *why)
{
	size_t len = strlen(base);
	bool is_unix = strncmp(base, "unix:", 5) == 0;
	struct targets t = { .count = 0 };
	char *url;

	if (len && base[len - 1] == '/')
		len--;
	if (asprintf(&url, "%.*s%s%s", (int)len, base, is_unix ? ":" : "", path) < 0)
		return complain(why, base, strerror(ENOMEM));
	int error = targets_add(&t, url, 1, why);
	if (!error)
		error = targets_write(&t, "", false, why);
	if (!error)
		error = fetch_target(&t, body, why);
	targets_fini(&t);
	free(url);
	return error ? -EIO : 0;
}
