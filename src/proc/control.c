/* Serving the control socket.  Runs in: master. */
#include "proc/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conf/address.h"
#include "net/sock.h"
#include "proc/aside.h"

#define PATH_BYTES_MOST ((int)(ADDRESS_PATH_BYTES - sizeof ASIDE))
#define MODE_OWNER_ALONE 0600
#define BACKLOG 64

/* --- opening and closing -------------------------------------------------------- */

/* Whole, so that a client in another directory finds it; with room for what an upgrade needs. */
static int absolute(char *path, size_t bytes, const char *name, char *why, size_t why_bytes)
{
	char *here = name[0] == '/' ? NULL : getcwd(NULL, 0);
	int n = snprintf(path, bytes, "%s%s%s", here ? here : "", here ? "/" : "", name);

	free(here);
	if (n <= PATH_BYTES_MOST)
		return 0;
	snprintf(why, why_bytes,
		 "control_socket = %s: a path of %d bytes, expected at most %d: an upgrade puts "
		 "\"" ASIDE "\" behind it",
		 name, n, PATH_BYTES_MOST);
	return -ENAMETOOLONG;
}

int control_check(const char *path, char *why, size_t why_bytes)
{
	char whole[LISTENER_NAME_BYTES];

	return path ? absolute(whole, sizeof whole, path, why, why_bytes) : 0;
}

void control_init(struct control *c)
{
	*c = (struct control){ .listener = { .fd = -1 } };
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		c->client[i].fd = -1;
}

void control_clear_aside(const struct control *c)
{
	char aside[sizeof c->path + sizeof ASIDE];

	if (c->path[0]) {
		snprintf(aside, sizeof aside, "%s" ASIDE, c->path);
		listener_clear_stale(aside);
	}
}

int control_open(struct control *c, const char *path, bool aside, char *why, size_t why_bytes)
{
	char bind[LISTENER_NAME_BYTES + 8];
	const struct listener_plan plan = {
		.bind = bind,
		.backlog = BACKLOG,
		.sets_mode = true,
		.mode = MODE_OWNER_ALONE,
		.uid = (uid_t)-1,
		.gid = (gid_t)-1,
	};

	control_init(c);
	c->is_aside = aside;
	if (!path)
		return 0;
	int error = absolute(c->path, sizeof c->path, path, why, why_bytes);
	if (error < 0)
		return error;
	snprintf(bind, sizeof bind, "unix:%s%s", c->path, aside ? ASIDE : "");
	return listener_open(&c->listener, &plan, why, why_bytes);
}

int control_promote(struct control *c)
{
	if (!c->is_aside || !c->listener.path)
		return 0;
	char *path = strdup(c->path);
	if (!path)
		return -ENOMEM;
	if (rename(c->listener.path, path) < 0) {
		int error = -errno;

		free(path);
		return error;
	}
	free(c->listener.path);
	c->listener.path = path;
	c->is_aside = false;
	return 0;
}

static void end(struct control_client *client)
{
	sock_close(client->fd);
	client->fd = -1;
	buf_fini(&client->answer);
}

static void end_all(struct control *c)
{
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		if (c->client[i].fd >= 0)
			end(&c->client[i]);
}

void control_close(struct control *c)
{
	end_all(c);
	listener_close(&c->listener);
}

void control_forget(struct control *c)
{
	end_all(c);
	c->listener.owner = 0;
	listener_close(&c->listener);
}

/* --- serving ---------------------------------------------------------------------- */

unsigned control_watch(const struct control *c, struct pollfd *fds)
{
	unsigned n = 0;

	if (c->listener.fd < 0)
		return 0;
	fds[n++] = (struct pollfd){
		.fd = c->listener.fd,
		.events = c->rests_until_ns ? 0 : POLLIN,
	};
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++) {
		const struct control_client *client = &c->client[i];

		fds[n++] = (struct pollfd){
			.fd = client->fd,
			.events = client->is_answered ? POLLOUT : POLLIN,
		};
	}
	return n;
}

static void begin(struct control_client *client, int fd, uint64_t now_ns)
{
	client->fd = fd;
	client->deadline_ns = now_ns + CONTROL_PATIENCE_NS;
	client->len = client->sent = 0;
	client->is_answered = false;
	buf_init(&client->answer, CONTROL_ANSWER_BYTES_MAX);
}

/* The one that has been here longest makes room. */
static struct control_client *place(struct control *c)
{
	struct control_client *oldest = &c->client[0];

	for (unsigned i = 0; i < CONTROL_CLIENTS; i++) {
		if (c->client[i].fd < 0)
			return &c->client[i];
		if (c->client[i].deadline_ns < oldest->deadline_ns)
			oldest = &c->client[i];
	}
	end(oldest);
	return oldest;
}

/* Whoever cannot be accepted stays in the queue, which is ready again at once: no turn for that. */
static void take_in(struct control *c, uint64_t now_ns)
{
	int fd = 0;

	for (unsigned i = 0; i < BACKLOG && (fd = listener_accept(&c->listener)) >= 0; i++)
		begin(place(c), fd, now_ns);
	if (fd < 0 && fd != -EAGAIN && fd != -ECONNABORTED)
		c->rests_until_ns = now_ns + CONTROL_REST_NS;
}

static void give(struct control_client *client)
{
	ssize_t n = send(client->fd, client->answer.at + client->sent,
			 client->answer.len - client->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		client->sent += (size_t)n;
	if (n < 0 || client->sent == client->answer.len)
		end(client);
}

static void answer_line(struct control_client *client, control_answer_fn *answer, void *owner)
{
	answer(owner, client->line, &client->answer);
	if (client->answer.is_short) {
		buf_reset(&client->answer);
		buf_puts(&client->answer, "ERROR\nthe answer is too long\n");
	}
	client->is_answered = true;
	give(client);
}

static void take_line(struct control_client *client, control_answer_fn *answer, void *owner)
{
	ssize_t n = recv(client->fd, client->line + client->len, sizeof client->line - client->len,
			 MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		end(client);
		return;
	}
	char *newline = memchr(client->line + client->len, '\n', (size_t)n);
	client->len += (size_t)n;
	if (newline) {
		*newline = '\0';
		answer_line(client, answer, owner);
	} else if (client->len == sizeof client->line) {
		end(client); /* nothing we know is so long */
	}
}

void control_serve(struct control *c, const struct pollfd *fds, uint64_t now_ns,
		   control_answer_fn *answer, void *owner)
{
	if (c->listener.fd < 0)
		return;
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++) {
		struct control_client *client = &c->client[i];

		if (client->fd < 0 || fds[i + 1].fd != client->fd)
			continue;
		if (fds[i + 1].revents && client->is_answered)
			give(client);
		else if (fds[i + 1].revents)
			take_line(client, answer, owner);
		else if (now_ns >= client->deadline_ns)
			end(client);
	}
	if (c->rests_until_ns && now_ns >= c->rests_until_ns)
		c->rests_until_ns = 0;
	else if (fds[0].revents)
		take_in(c, now_ns);
}

uint64_t control_next_ns(const struct control *c)
{
	uint64_t next = c->rests_until_ns ? c->rests_until_ns : UINT64_MAX;

	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		if (c->client[i].fd >= 0 && c->client[i].deadline_ns < next)
			next = c->client[i].deadline_ns;
	return next;
}
