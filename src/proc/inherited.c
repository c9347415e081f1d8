/* Listening sockets that whoever started us has opened.  Runs in: master. */
#include "proc/inherited.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/slice.h"
#include "net/sock.h"

/* --- names --------------------------------------------------------------------- */

/* ':' parts the names in LISTEN_FDNAMES. */
static void put_name(struct buf *to, const char *purpose, const char *bind)
{
	buf_puts(to, purpose);
	if (!bind)
		return;
	buf_puts(to, "+");
	for (; *bind; bind++) {
		if (*bind == ':' || *bind == '%')
			buf_printf(to, "%%%02X", (unsigned char)*bind);
		else
			buf_append(to, bind, 1);
	}
}

static bool is_name_of(const char *name, const char *purpose, const char *bind)
{
	struct buf wanted;

	buf_init(&wanted, INHERITED_NAME_BYTES);
	put_name(&wanted, purpose, bind);
	bool is_same = !wanted.is_short && slice_eq(buf_slice(&wanted), slice_of_string(name));
	buf_fini(&wanted);
	return is_same;
}

static bool is_of_older_master(const char *name)
{
	return strncmp(name, INHERITED_BIND "+", sizeof INHERITED_BIND) == 0 ||
	       strncmp(name, INHERITED_ADMIN "+", sizeof INHERITED_ADMIN) == 0;
}

/* --- taking -------------------------------------------------------------------- */

int inherited_open(struct inherited *in, const struct supervisor *s)
{
	struct ltd_slice names = slice_of_string(s->fd_names ? s->fd_names : ""), name;

	*in = (struct inherited){ .socket = calloc(s->fd_count + 1, sizeof *in->socket) };
	if (!in->socket)
		return -ENOMEM;
	for (unsigned i = 0; i < s->fd_count; i++) {
		struct inherited_socket *socket = &in->socket[in->count];

		if (!slice_cut(&names, ':', &name))
			name = LTD_SLICE("");
		socket->fd = SUPERVISOR_FIRST_FD + (int)i;
		snprintf(socket->name, sizeof socket->name, "%.*s", (int)name.len, name.at);
		if (fcntl(socket->fd, F_SETFD, FD_CLOEXEC) == 0)
			in->count++;
	}
	return 0;
}

static bool has(const struct inherited *in, const struct listener *l)
{
	for (unsigned i = 0; i < in->count; i++) {
		const struct listener there = { .fd = in->socket[i].fd };

		if (listener_is_same(&there, l))
			return true;
	}
	return false;
}

static int copy_one(struct inherited *in, const struct inherited_gift *gift)
{
	struct inherited_socket *socket = &in->socket[in->count];
	struct buf name;

	if (!listener_can_go_on(gift->listener) || has(in, gift->listener))
		return 0;
	buf_init(&name, sizeof socket->name);
	put_name(&name, gift->purpose, gift->bind);
	snprintf(socket->name, sizeof socket->name, "%.*s", (int)name.len, name.at);
	buf_fini(&name);
	socket->fd = fcntl(gift->listener->fd, F_DUPFD_CLOEXEC, 0);
	if (socket->fd < 0)
		return -errno;
	in->count++;
	return 0;
}

int inherited_copy(struct inherited *in, const struct inherited_gift *gift, unsigned count)
{
	size_t places = (size_t)in->count + count + 1;
	struct inherited_socket *socket = realloc(in->socket, places * sizeof *socket);
	int error = 0;

	if (!socket)
		return -ENOMEM;
	in->socket = socket;
	for (unsigned i = 0; i < count && !error; i++)
		error = copy_one(in, &gift[i]);
	return error;
}

void inherited_close(struct inherited *in)
{
	while (in->count > 0)
		sock_close(in->socket[--in->count].fd);
	free(in->socket);
	in->socket = NULL;
}

static int take(struct inherited *in, unsigned i)
{
	int fd = in->socket[i].fd;

	in->count--;
	memmove(&in->socket[i], &in->socket[i + 1], (in->count - i) * sizeof *in->socket);
	return fd;
}

int inherited_take(struct inherited *in, const char *purpose, const char *bind)
{
	for (unsigned i = 0; i < in->count; i++)
		if (is_name_of(in->socket[i].name, purpose, bind))
			return take(in, i);
	return -1;
}

unsigned inherited_count_of(const struct inherited *in, const char *purpose, const char *bind)
{
	unsigned n = 0;

	for (unsigned i = 0; i < in->count; i++)
		n += is_name_of(in->socket[i].name, purpose, bind);
	return n;
}

static bool is_for(const struct inherited_socket *socket, const char *purpose)
{
	bool is_admin = strcmp(socket->name, INHERITED_ADMIN) == 0;

	return !is_of_older_master(socket->name) && is_admin == (purpose != NULL);
}

int inherited_take_any(struct inherited *in, const char *purpose)
{
	for (unsigned i = 0; i < in->count; i++)
		if (is_for(&in->socket[i], purpose))
			return take(in, i);
	return -1;
}

unsigned inherited_count(const struct inherited *in, const char *purpose)
{
	unsigned n = 0;

	for (unsigned i = 0; i < in->count; i++)
		n += is_for(&in->socket[i], purpose);
	return n;
}

/* --- giving -------------------------------------------------------------------- */

/* First out of the way of the numbers they are to get, then to these: they may overlap. */
static int place(const struct inherited_gift *gift, unsigned count)
{
	int first = SUPERVISOR_FIRST_FD, behind = first + (int)count;
	int *copy = calloc(count, sizeof *copy), error = copy ? 0 : -ENOMEM;

	for (unsigned i = 0; i < count && !error; i++) {
		copy[i] = fcntl(gift[i].listener->fd, F_DUPFD_CLOEXEC, behind);
		error = copy[i] < 0 ? -errno : 0;
	}
	for (unsigned i = 0; i < count && !error; i++)
		error = dup2(copy[i], first + (int)i) < 0 ? -errno : 0;
	free(copy);
	return error;
}

int inherited_bequeath(const struct inherited_gift *gift, unsigned count)
{
	struct buf names;
	int error = count ? place(gift, count) : 0;

	buf_init(&names, (size_t)(count + 1) * INHERITED_NAME_BYTES);
	for (unsigned i = 0; i < count; i++) {
		buf_puts(&names, i ? ":" : "");
		put_name(&names, gift[i].purpose, gift[i].bind);
	}
	buf_append(&names, "", 1);
	if (!error && names.is_short)
		error = -ENOMEM;
	if (!error)
		error = supervisor_bequeath(count, names.at);
	buf_fini(&names);
	return error;
}
