/* Telling the service manager how we are.  Runs in: master. */
#include "proc/notify.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/sock.h"

#define MESSAGE_BYTES 512

/* A leader that has nothing to do turns twice a second (worker.c). */
#define FRESH_NS_MIN (3 * NS_PER_S / 2)

/* A name that begins with '@' has no file: its first byte is zero (unix(7)). */
static int connect_to(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = strlen(path);

	if ((path[0] != '/' && path[0] != '@') || len >= sizeof to.sun_path)
		return -EINVAL;
	memcpy(to.sun_path, path, len);
	if (path[0] == '@')
		to.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&to,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0) {
		int error = -errno;

		sock_close(fd);
		return error;
	}
	return fd;
}

void notify_open(struct notify *n, const struct supervisor *s, uint64_t now_ns)
{
	*n = (struct notify){ .fd = -1, .watchdog_due_ns = UINT64_MAX };
	if (!s->notify_socket)
		return;
	n->fd = connect_to(s->notify_socket);
	if (n->fd < 0) {
		log_warning("cannot reach the service manager at %s: %s", s->notify_socket,
			    strerror(-n->fd));
		n->fd = -1;
		return;
	}
	n->watchdog_ns = s->watchdog_us * NS_PER_US;
	if (n->watchdog_ns)
		n->watchdog_due_ns = now_ns;
}

void notify_close(struct notify *n)
{
	if (n->fd >= 0)
		sock_close(n->fd);
	n->fd = -1;
}

void notify_send(const struct notify *n, const char *format, ...)
{
	char message[MESSAGE_BYTES];
	va_list args;

	if (n->fd < 0)
		return;
	va_start(args, format);
	int len = vsnprintf(message, sizeof message, format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= sizeof message)
		len = sizeof message - 1;
	if (send(n->fd, message, (size_t)len, MSG_NOSIGNAL) < 0)
		log_warning("cannot tell the service manager: %s", strerror(errno));
}

void notify_reloading(const struct notify *n, uint64_t now_ns)
{
	notify_send(n, "RELOADING=1\nMONOTONIC_USEC=%llu\nSTATUS=reloading",
		    (unsigned long long)(now_ns / NS_PER_US));
}

bool notify_has_turned(struct board *b, uint64_t now_ns, uint64_t fresh_ns)
{
	bool is_ready = false;

	for (unsigned i = 0; i < board_rows(b); i++) {
		const struct worker_row *row = board_worker(b, i);

		if (atomic_load(&row->state) != WORKER_READY)
			continue;
		is_ready = true;
		if (atomic_load(&row->heartbeat_ns) + fresh_ns > now_ns)
			return true;
	}
	return !is_ready;
}

void notify_watchdog(struct notify *n, struct board *b, uint64_t now_ns)
{
	uint64_t period_ns = n->watchdog_ns / 2;

	if (n->fd < 0 || now_ns < n->watchdog_due_ns)
		return;
	n->watchdog_due_ns = now_ns + period_ns;
	if (notify_has_turned(b, now_ns, period_ns > FRESH_NS_MIN ? period_ns : FRESH_NS_MIN))
		notify_send(n, "WATCHDOG=1");
}
