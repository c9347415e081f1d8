/* All the listeners of the server.  Runs in: master. */
#include "proc/listeners.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/reason.h"
#include "proc/inherited.h"
#include "proc/master.h"

static unsigned seconds(uint64_t ns)
{
	return (unsigned)((ns + NS_PER_S - 1) / NS_PER_S);
}

static int plan_of(const struct options *o, struct listener_plan *plan)
{
	char why[REASON_BYTES];

	*plan = (struct listener_plan){
		.backlog = (unsigned)o->backlog,
		.is_ipv6_only = o->ipv6_only,
		.nodelay = o->tcp_nodelay,
		.notsent_bytes = (unsigned)o->tcp_notsent_lowat,
		.defer_accept_s = seconds(o->defer_accept_ns),
		.keepalive_s = seconds(o->tcp_keepalive_ns),
		.keepalive_interval_s = seconds(o->tcp_keepalive_interval_ns),
		.keepalive_probes = (unsigned)o->tcp_keepalive_probes,
		.sets_mode = o->socket_mode != MODE_INHERIT,
		.mode = (mode_t)o->socket_mode,
		.sets_owner = o->socket_user || o->socket_group,
		.uid = (uid_t)-1,
		.gid = (gid_t)-1,
	};
	if ((o->socket_user &&
	     privileges_find_user(o->socket_user, &plan->uid, why, sizeof why) < 0) ||
	    (o->socket_group &&
	     privileges_find_group(o->socket_group, &plan->gid, why, sizeof why) < 0)) {
		log_error("socket_%s", why);
		return EXIT_BAD_CONFIGURATION;
	}
	return 0;
}

int listeners_check(const struct heritage *h)
{
	struct listener_plan plan;

	return plan_of(h->options, &plan);
}

/* `fd` -1: there is none to take over. */
static int open_one(struct listener *l, int fd, const struct listener_plan *plan)
{
	char why[REASON_BYTES];
	int error = fd < 0 ? listener_open(l, plan, why, sizeof why)
			   : listener_adopt(l, fd, plan, why, sizeof why);

	if (!error)
		return 0;
	log_error("%s", why);
	return EXIT_CANNOT_SERVE;
}

/* With reuse_port each lane of workers has listeners of its own. */
static unsigned lanes(const struct options *o)
{
	return o->reuse_port ? (unsigned)o->workers : 1;
}

/* A set of listeners is never given up: its queues may hold connections. */
static unsigned sets(const struct options *o, const struct inherited *in)
{
	unsigned wanted = lanes(o);

	for (unsigned i = 0; i < o->bind.count && o->reuse_port; i++) {
		unsigned had = inherited_count_of(in, INHERITED_BIND, o->bind.at[i]);

		if (had > wanted)
			wanted = had;
	}
	return wanted;
}

/*
 * A lane beside the first: on the port that one was given for port 0; and a unix socket, whose name
 * only one can have, is shared.
 */
static int open_beside(struct listener *l, int fd, const struct listener *first,
		       struct listener_plan *plan)
{
	if (fd < 0 && first->path)
		fd = fcntl(first->fd, F_DUPFD_CLOEXEC, 0);
	if (!first->path)
		plan->bind = first->name;
	return open_one(l, fd, plan);
}

/* One for each `bind`: an older master's, or a new one. */
static int open_binds(struct heritage *h, struct inherited *in, struct listener_plan *plan)
{
	const struct options *o = h->options;
	unsigned wanted = h->bind_count * sets(o, in);

	plan->reuse_port = o->reuse_port;
	for (; h->listener_count < wanted; h->listener_count++) {
		unsigned i = h->listener_count;
		const struct listener *first = &h->listener[i % h->bind_count];
		struct listener *l = &h->listener[i];

		plan->bind = o->bind.at[i % h->bind_count];
		int fd = inherited_take(in, INHERITED_BIND, plan->bind);
		if (l == first ? open_one(l, fd, plan) : open_beside(l, fd, first, plan))
			return EXIT_CANNOT_SERVE;
	}
	return 0;
}

/* A service manager's: what is there is what is served, by all lanes alike. */
static int adopt_binds(struct heritage *h, struct inherited *in, struct listener_plan *plan)
{
	unsigned wanted = h->bind_count * lanes(h->options);

	for (; h->listener_count < wanted; h->listener_count++) {
		unsigned i = h->listener_count;
		int fd = i < h->bind_count
				 ? inherited_take_any(in, NULL)
				 : fcntl(h->listener[i - h->bind_count].fd, F_DUPFD_CLOEXEC, 0);

		if (open_one(&h->listener[i], fd, plan))
			return EXIT_CANNOT_SERVE;
	}
	return 0;
}

static int open_statistics(struct heritage *h, struct inherited *in, struct listener_plan *plan)
{
	int fd = inherited_take_any(in, INHERITED_ADMIN);

	plan->bind = fd < 0 ? h->options->admin_bind : NULL;
	if (fd < 0 && !plan->bind)
		return 0;
	if (fd < 0)
		fd = inherited_take(in, INHERITED_ADMIN, plan->bind);
	plan->reuse_port = false;
	return open_one(&h->statistics, fd, plan);
}

static int open_all(struct heritage *h, struct inherited *in)
{
	struct listener_plan plan;
	unsigned handed_over = inherited_count(in, NULL);
	int status = plan_of(h->options, &plan);

	if (status)
		return status;
	h->bind_count = handed_over ? handed_over : (unsigned)h->options->bind.count;
	h->listener = calloc(h->bind_count * sets(h->options, in), sizeof *h->listener);
	if (!h->listener)
		return EXIT_CANNOT_SERVE;
	status = handed_over ? adopt_binds(h, in, &plan) : open_binds(h, in, &plan);
	return status ? status : open_statistics(h, in, &plan);
}

int listeners_open(struct heritage *h, const struct supervisor *s)
{
	struct inherited in;
	int error = inherited_open(&in, s);

	if (error < 0) {
		log_error("cannot take over the listeners: %s", strerror(-error));
		return EXIT_CANNOT_SERVE;
	}
	int status = open_all(h, &in);
	inherited_close(&in);
	return status;
}

unsigned listeners_count(const struct heritage *h)
{
	return h->listener_count + (h->statistics.fd >= 0);
}

/* NULL for one of a service manager's, which is for no bind of ours. */
static const char *bind_of(const struct listener *l, const char *bind)
{
	return l->owner ? bind : NULL;
}

void listeners_gifts(const struct heritage *h, struct inherited_gift *gift)
{
	const struct options *o = h->options;

	for (unsigned i = 0; i < h->listener_count; i++) {
		const struct listener *l = &h->listener[i];

		*gift++ = (struct inherited_gift){
			.listener = l,
			.purpose = l->owner ? INHERITED_BIND : "",
			.bind = l->owner ? o->bind.at[i % h->bind_count] : NULL,
		};
	}
	if (h->statistics.fd >= 0)
		*gift = (struct inherited_gift){
			.listener = &h->statistics,
			.purpose = INHERITED_ADMIN,
			.bind = bind_of(&h->statistics, o->admin_bind),
		};
}

int listeners_copy(struct inherited *in, const struct heritage *before)
{
	unsigned count = listeners_count(before);
	struct inherited_gift *gift = calloc(count + 1, sizeof *gift);
	int error = gift ? 0 : -ENOMEM;

	if (!error) {
		listeners_gifts(before, gift);
		error = inherited_copy(in, gift, count);
	}
	free(gift);
	if (error < 0)
		log_error("cannot keep the listeners: %s", strerror(-error));
	return error;
}

int listeners_open_beside(struct heritage *h, struct inherited *in)
{
	return open_all(h, in);
}

static bool is_among(const struct listener *l, const struct heritage *h)
{
	for (unsigned i = 0; i < h->listener_count; i++)
		if (listener_is_same(l, &h->listener[i]))
			return true;
	return listener_is_same(l, &h->statistics);
}

void listeners_deafen_gone(struct heritage *h, const struct heritage *other)
{
	for (unsigned i = 0; i < h->listener_count; i++)
		if (!is_among(&h->listener[i], other))
			listener_deafen(&h->listener[i]);
}

void listeners_disown(struct heritage *h, const struct heritage *other)
{
	for (unsigned i = 0; i < h->listener_count; i++)
		if (is_among(&h->listener[i], other))
			h->listener[i].owner = 0;
	if (is_among(&h->statistics, other))
		h->statistics.owner = 0;
}

void listeners_let_go(struct heritage *h)
{
	for (unsigned i = 0; i < h->listener_count; i++)
		listener_let_go(&h->listener[i]);
}

void listeners_leave(struct heritage *h)
{
	for (unsigned i = 0; i < h->listener_count; i++)
		listener_leave(&h->listener[i]);
	listener_leave(&h->statistics);
}

void listeners_close(struct heritage *h)
{
	heritage_close_listeners(h);
	free(h->listener);
	h->listener = NULL;
	h->listener_count = 0;
	if (h->statistics.fd >= 0)
		listener_close(&h->statistics);
}
