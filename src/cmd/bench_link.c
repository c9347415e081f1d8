/* A connection of the generator, on libev and llhttp.  Runs in: the generator's one thread. */
#include "cmd/bench_link.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct {
	int error;
	enum outcome outcome;
} errors[] = {
	{ ECONNRESET, OUTCOME_RESET },    { EPIPE, OUTCOME_RESET },
	{ EMFILE, OUTCOME_LOCAL },        { ENFILE, OUTCOME_LOCAL },
	{ ENOBUFS, OUTCOME_LOCAL },       { ENOMEM, OUTCOME_LOCAL },
	{ EADDRNOTAVAIL, OUTCOME_LOCAL }, { ECONNREFUSED, OUTCOME_REFUSED },
};

enum outcome outcome_of_error(int error)
{
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
		if (errors[i].error == -error)
			return errors[i].outcome;
	return OUTCOME_CONNECT;
}

/* An interim answer (RFC 9110 15.2) is a message of its own; the final one follows. */
static bool is_interim(const llhttp_t *p)
{
	return p->status_code < 200 && p->status_code != 101;
}

/* Neither has a body, whatever its fields say (RFC 9112 6.3): 1 has llhttp skip it. */
static int on_headers_complete(llhttp_t *p)
{
	return is_interim(p) || p->status_code == 204 || p->status_code == 304;
}

static int on_message_complete(llhttp_t *p)
{
	struct link *l = p->data;

	if (is_interim(p))
		return 0;
	l->is_whole = true;
	l->can_stay = llhttp_should_keep_alive(p);
	return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
	.on_headers_complete = on_headers_complete,
	.on_message_complete = on_message_complete,
};

static void watch(struct link *l, int events)
{
	if (l->io.events == events)
		return;
	ev_io_stop(l->shared->loop, &l->io);
	ev_io_set(&l->io, l->io.fd, events);
	ev_io_start(l->shared->loop, &l->io);
}

static void end(struct link *l, enum outcome outcome)
{
	l->target = NULL;
	l->shared->on_end(l, outcome);
}

static void fail(struct link *l, enum outcome outcome)
{
	l->can_stay = false;
	end(l, outcome);
}

/* Writes what is left of the request; false when the link has ended. */
static bool write_some(struct link *l)
{
	const struct target *t = l->target;

	while (l->written < t->wire_bytes) {
		ssize_t n = send(l->io.fd, t->wire + l->written, t->wire_bytes - l->written,
				 MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN) {
			watch(l, EV_READ | EV_WRITE);
			return true;
		}
		if (n < 0) {
			fail(l, outcome_of_error(-errno));
			return false;
		}
		l->written += (size_t)n;
	}
	watch(l, EV_READ);
	return true;
}

void link_send(struct link *l, const struct target *t, void *call)
{
	l->target = t;
	l->call = call;
	l->written = 0;
	l->has_begun = l->is_whole = l->can_stay = false;
	llhttp_init(&l->llhttp, HTTP_RESPONSE, &settings);
	l->llhttp.data = l;
	write_some(l);
}

/* The other side closed: the end of an answer that has no length, or too early. */
static void read_end(struct link *l)
{
	llhttp_finish(&l->llhttp);
	fail(l, l->is_whole ? outcome_of_status(l->llhttp.status_code) : OUTCOME_CLOSED);
}

/* False when the link has ended. */
static bool read_bytes(struct link *l, size_t len)
{
	llhttp_errno_t verdict = llhttp_execute(&l->llhttp, l->shared->bytes, len);

	l->has_begun = true;
	if (!l->is_whole && verdict == HPE_OK)
		return true;
	if (!l->is_whole) {
		fail(l, OUTCOME_PROTOCOL);
		return false;
	}
	/* Bytes behind the answer were not asked for: do not use the connection again. */
	if (verdict != HPE_PAUSED || llhttp_get_error_pos(&l->llhttp) != l->shared->bytes + len)
		l->can_stay = false;
	l->was_used = true;
	end(l, outcome_of_status(l->llhttp.status_code));
	return false;
}

static void read_some(struct link *l)
{
	ssize_t n;

	do {
		n = recv(l->io.fd, l->shared->bytes, l->shared->bytes_room, 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (!l->target) {
			l->shared->on_lost(l);
			return;
		}
		if (n < 0) {
			fail(l, outcome_of_error(-errno));
			return;
		}
		if (n == 0) {
			read_end(l);
			return;
		}
		if (!read_bytes(l, (size_t)n))
			return;
	} while ((size_t)n == l->shared->bytes_room);
}

static void on_io(struct ev_loop *loop, struct ev_io *io, int events)
{
	struct link *l = io->data;

	(void)loop;
	if ((events & EV_WRITE) && l->target && !write_some(l))
		return;
	if (events & EV_READ)
		read_some(l);
}

static int connect_patiently(int fd, const struct endpoint *e)
{
	int flags = fcntl(fd, F_GETFL);

	if (connect(fd, (const struct sockaddr *)&e->address, e->address_bytes))
		return -errno;
	return fcntl(fd, F_SETFL, flags | O_NONBLOCK) ? -errno : 0;
}

static int connect_begin(int fd, const struct endpoint *e)
{
	if (connect(fd, (const struct sockaddr *)&e->address, e->address_bytes) &&
	    errno != EINPROGRESS)
		return -errno;
	return 0;
}

int link_open(struct link *l, struct link_shared *shared, const struct endpoint *e, bool is_patient)
{
	int flags = SOCK_STREAM | SOCK_CLOEXEC | (is_patient ? 0 : SOCK_NONBLOCK);
	int fd = socket(e->address.ss_family, flags, 0), yes = 1;

	if (fd < 0)
		return -errno;
	int error = is_patient ? connect_patiently(fd, e) : connect_begin(fd, e);
	if (error) {
		close(fd);
		return error;
	}
	if (e->address.ss_family != AF_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);

	memset(l, 0, sizeof *l);
	list_init(&l->node);
	l->shared = shared;
	ev_io_init(&l->io, on_io, fd, EV_READ);
	l->io.data = l;
	ev_io_start(shared->loop, &l->io);
	return 0;
}

void link_abort(struct link *l)
{
	struct linger none = { .l_onoff = 1 };

	setsockopt(l->io.fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
	l->can_stay = false;
}

void link_close(struct link *l)
{
	ev_io_stop(l->shared->loop, &l->io);
	close(l->io.fd);
	list_remove(&l->node);
}
