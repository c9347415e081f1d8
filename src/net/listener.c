/* Listening sockets.  Runs in: master; listener_close also in workers. */
#include "net/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/reason.h"
#include "conf/address.h"
#include "net/holder.h"
#include "net/sock.h"

#define SOCKET_TYPE (SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC)

static int refuse(int error, const struct listener_plan *plan, const char *text, char *why, size_t n)
{
	snprintf(why, n, "cannot listen on %s: %s", plan->bind, text);
	return error;
}

/* What to do about an error of an internet address; NULL: its name says it all. */
static const char *advice_on(int error, const struct address *a)
{
	switch (-error) {
	case EACCES:
		return "a port below 1024 needs CAP_NET_BIND_SERVICE (AmbientCapabilities= in the "
		       "unit) or root";
	case EADDRNOTAVAIL:
		return "no interface here has it (see ip address)";
	case EINVAL: /* RFC 4007 11 */
		if (strncasecmp(a->host, "fe80:", 5) == 0 && !strchr(a->host, '%'))
			return "a link-local address is written with its interface, as "
			       "[fe80::1%eth0]";
		return NULL;
	default:
		return NULL;
	}
}

/* The words that say what to do. */
static void explain(int error, const struct address *a, char *text, size_t text_bytes)
{
	char holder[128];
	const char *more = advice_on(error, a);

	if (a->is_unix) {
		reason_of_path(a->path, error, text, text_bytes);
		return;
	}
	if (error == -EADDRINUSE && holder_is_this_process(a))
		more = "another address of this server has it";
	else if (error == -EADDRINUSE && holder_describe(a, holder, sizeof holder))
		more = holder;
	snprintf(text, text_bytes, "%s%s%s", strerror(-error), more ? ": " : "", more ? more : "");
}

static int fail(int fd, const struct listener_plan *plan, const struct address *a, char *why,
		size_t n)
{
	int error = -errno;
	char text[REASON_BYTES];

	if (fd >= 0)
		sock_close(fd);
	explain(error, a, text, sizeof text);
	return refuse(error, plan, text, why, n);
}

static int resolve(const struct listener_plan *plan, const struct address *address,
		   struct addrinfo **found, char *why, size_t n)
{
	const struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
	};
	char port[8];

	snprintf(port, sizeof port, "%u", address->port);
	int error = getaddrinfo(address->host[0] ? address->host : NULL, port, &hints, found);
	if (error)
		return refuse(-EADDRNOTAVAIL, plan, gai_strerror(error), why, n);
	return 0;
}

/* Accepted sockets inherit what is set here: no system call a connection. */
static int tune(int fd, int family, const struct listener_plan *plan)
{
	const struct {
		int level, option;
		unsigned value;
		bool is_default_0; /* 0 is no value, but leaves what the system has */
	} settings[] = {
		{ IPPROTO_TCP, TCP_NODELAY, plan->nodelay, false },
		{ IPPROTO_TCP, TCP_NOTSENT_LOWAT, plan->notsent_bytes, true },
		{ IPPROTO_TCP, TCP_DEFER_ACCEPT, plan->defer_accept_s, false },
		{ SOL_SOCKET, SO_KEEPALIVE, plan->keepalive_s > 0, false },
		{ IPPROTO_TCP, TCP_KEEPIDLE, plan->keepalive_s, true },
		{ IPPROTO_TCP, TCP_KEEPINTVL, plan->keepalive_interval_s, true },
		{ IPPROTO_TCP, TCP_KEEPCNT, plan->keepalive_probes, true },
	};

	sock_stamp_arrivals(fd);
	for (unsigned i = 0; family != AF_UNIX && i < sizeof settings / sizeof *settings; i++) {
		const int value = (int)settings[i].value;

		if ((value || !settings[i].is_default_0) &&
		    setsockopt(fd, settings[i].level, settings[i].option, &value, sizeof value) < 0)
			return -1;
	}
	return 0;
}

static int prepare(int fd, const struct addrinfo *a, const struct listener_plan *plan)
{
	const int on = 1, is_ipv6_only = plan->is_ipv6_only;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0)
		return -1;
	if (plan->reuse_port && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) < 0)
		return -1;
	if (a->ai_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &is_ipv6_only, sizeof is_ipv6_only) < 0)
		return -1;
	if (tune(fd, a->ai_family, plan) < 0)
		return -1;
	return bind(fd, a->ai_addr, a->ai_addrlen);
}

/* With port 0 the system has picked one: show it. */
static void name_port(struct listener *l, const struct listener_plan *plan)
{
	struct sockaddr_storage got;
	socklen_t len = sizeof got;
	const char *colon = strrchr(plan->bind, ':');
	unsigned port = 0;

	if (getsockname(l->fd, (struct sockaddr *)&got, &len) < 0)
		return;
	if (got.ss_family == AF_INET)
		port = ntohs(((struct sockaddr_in *)&got)->sin_port);
	else if (got.ss_family == AF_INET6)
		port = ntohs(((struct sockaddr_in6 *)&got)->sin6_port);
	snprintf(l->name, sizeof l->name, "%.*s:%u", (int)(colon - plan->bind), plan->bind, port);
}

static int open_inet(struct listener *l, const struct listener_plan *plan,
		     const struct address *address, char *why, size_t n)
{
	struct addrinfo *a;
	int error = resolve(plan, address, &a, why, n);

	if (error < 0)
		return error;
	int fd = socket(a->ai_family, SOCKET_TYPE, 0);
	if (fd < 0 || prepare(fd, a, plan) < 0 || listen(fd, (int)plan->backlog) < 0)
		error = fail(fd, plan, address, why, n);
	freeaddrinfo(a);
	if (error < 0)
		return error;
	l->fd = fd;
	l->owner = getpid();
	name_port(l, plan);
	return 0;
}

/*
 * Only what refuses a connection has nobody behind it (unix(7)): a full backlog says EAGAIN, another
 * kind of socket (the system's log) EPROTOTYPE, one that is closed to us EACCES.
 */
static bool is_live(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCKET_TYPE, 0);
	bool live = fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 ||
		    errno != ECONNREFUSED;

	if (fd >= 0)
		sock_close(fd);
	return live;
}

void listener_clear_stale(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat st;

	if (strlen(path) >= sizeof address.sun_path || lstat(path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return;
	memcpy(address.sun_path, path, strlen(path));
	if (!is_live(&address))
		unlink(path);
}

static int clear_path(const struct sockaddr_un *address, const struct listener_plan *plan,
		      const struct address *a, char *why, size_t n)
{
	char holder[128];
	struct stat st;

	if (lstat(address->sun_path, &st) < 0)
		return 0;
	if (!S_ISSOCK(st.st_mode))
		return refuse(-EEXIST, plan, LISTENER_IN_THE_WAY, why, n);
	if (is_live(address)) {
		bool is_known = holder_describe(a, holder, sizeof holder);

		return refuse(-EADDRINUSE, plan, is_known ? holder : "another process has it", why,
			      n);
	}
	unlink(address->sun_path);
	return 0;
}

/* Nobody can connect before listen(2): there is no moment at which the wrong ones may. */
static int set_owner(const char *path, const struct listener_plan *plan, char *why, size_t n)
{
	char text[REASON_BYTES];

	if (plan->sets_owner && lchown(path, plan->uid, plan->gid) < 0)
		snprintf(text, sizeof text,
			 "%s: socket_user must be who starts the server, "
			 "socket_group one of his groups, unless root does",
			 strerror(errno));
	else if (plan->sets_mode && chmod(path, plan->mode) < 0)
		snprintf(text, sizeof text, "socket_mode: %s", strerror(errno));
	else
		return 0;
	return refuse(-EPERM, plan, text, why, n);
}

static bool is_named(const struct listener *l)
{
	struct stat st;

	return lstat(l->path, &st) == 0 && st.st_dev == l->path_device && st.st_ino == l->path_inode;
}

/* By then another listener may have taken the name: its file is not ours. */
static void own_path(struct listener *l, const char *path)
{
	struct stat st;

	l->path = strdup(path);
	if (lstat(path, &st) < 0)
		return;
	l->path_device = st.st_dev;
	l->path_inode = st.st_ino;
}

static int open_unix(struct listener *l, const struct listener_plan *plan, const struct address *a,
		     char *why, size_t n)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	_Static_assert(ADDRESS_PATH_BYTES <= sizeof address.sun_path, "a parsed path fits");
	memcpy(address.sun_path, a->path, strlen(a->path));
	int error = clear_path(&address, plan, a, why, n);
	if (error < 0)
		return error;

	int fd = socket(AF_UNIX, SOCKET_TYPE, 0);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) < 0)
		return fail(fd, plan, a, why, n);
	if (set_owner(a->path, plan, why, n) < 0) {
		sock_close(fd);
		unlink(a->path);
		return -EPERM;
	}
	if (listen(fd, (int)plan->backlog) < 0) {
		error = fail(fd, plan, a, why, n);
		unlink(a->path);
		return error;
	}
	l->fd = fd;
	own_path(l, a->path);
	l->owner = getpid();
	return 0;
}

int listener_open(struct listener *l, const struct listener_plan *plan, char *why, size_t why_bytes)
{
	struct address address;

	*l = (struct listener){ .fd = -1 };
	if (!address_parse(slice_of_string(plan->bind), &address))
		return refuse(-EINVAL, plan, "not " ADDRESS_EXPECTED, why, why_bytes);
	snprintf(l->name, sizeof l->name, "%s", plan->bind);
	if (address.is_unix)
		return open_unix(l, plan, &address, why, why_bytes);
	return open_inet(l, plan, &address, why, why_bytes);
}

/* --- sockets that others have opened --------------------------------------------- */

static bool listens(int fd)
{
	int type = 0, accepts = 0;
	socklen_t len = sizeof type;

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM &&
	       getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &len) == 0 && accepts;
}

static void name_address(struct listener *l, const struct sockaddr_storage *at, socklen_t len)
{
	const struct sockaddr_un *un = (const struct sockaddr_un *)at;
	const char *form = at->ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s";
	char host[NI_MAXHOST], port[NI_MAXSERV];

	if (at->ss_family == AF_UNIX) {
		snprintf(l->name, sizeof l->name, "unix:%s", un->sun_path);
		own_path(l, un->sun_path);
	} else if (getnameinfo((const struct sockaddr *)at, len, host, sizeof host, port,
			       sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) == 0) {
		snprintf(l->name, sizeof l->name, form, host, port);
	}
}

/* One of ours goes on as the configuration has it by now.  listen(2) again sets the backlog alone. */
static int renew(struct listener *l, const struct listener_plan *plan, char *why, size_t n)
{
	const int none = 0;

	setsockopt(l->fd, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof none);
	if (listen(l->fd, (int)plan->backlog) < 0)
		return refuse(-errno, plan, strerror(errno), why, n);
	return l->path && is_named(l) ? set_owner(l->path, plan, why, n) : 0;
}

int listener_adopt(struct listener *l, int fd, const struct listener_plan *plan, char *why,
		   size_t why_bytes)
{
	struct sockaddr_storage at = { 0 };
	socklen_t len = sizeof at - 1; /* the path of a unix socket need not end */

	*l = (struct listener){ .fd = -1 };
	if (!listens(fd) || getsockname(fd, (struct sockaddr *)&at, &len) < 0 ||
	    (at.ss_family != AF_INET && at.ss_family != AF_INET6 && at.ss_family != AF_UNIX)) {
		snprintf(why, why_bytes,
			 "descriptor %d was handed over, but is no stream socket that listens", fd);
		sock_close(fd);
		return -ENOTSOCK;
	}
	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || tune(fd, at.ss_family, plan) < 0) {
		int error = -errno;

		snprintf(why, why_bytes, "cannot take over descriptor %d: %s", fd, strerror(-error));
		sock_close(fd);
		return error;
	}
	l->fd = fd;
	name_address(l, &at, len);
	l->owner = plan->bind ? getpid() : 0;
	int error = plan->bind ? renew(l, plan, why, why_bytes) : 0;
	if (error) {
		l->owner = 0; /* the name stays: others serve on it */
		listener_close(l);
	}
	return error;
}

int listener_accept(const struct listener *l)
{
	int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static bool have_one_name(const struct listener *a, const struct listener *b)
{
	return a->path && b->path && a->path_device == b->path_device &&
	       a->path_inode == b->path_inode;
}

bool listener_is_same(const struct listener *a, const struct listener *b)
{
	uint64_t x = 0, y = 0;
	socklen_t x_len = sizeof x, y_len = sizeof y;

	if (a->fd < 0 || b->fd < 0)
		return have_one_name(a, b);
	return getsockopt(a->fd, SOL_SOCKET, SO_COOKIE, &x, &x_len) == 0 &&
	       getsockopt(b->fd, SOL_SOCKET, SO_COOKIE, &y, &y_len) == 0 && x == y;
}

unsigned listener_backlog_max(void)
{
	unsigned most = SOMAXCONN;
	FILE *f = fopen("/proc/sys/net/core/somaxconn", "re");

	if (!f)
		return most;
	if (fscanf(f, "%u", &most) != 1)
		most = SOMAXCONN;
	fclose(f);
	return most;
}

/*
 * TCP: a filter drops segments that ask for a connection; the client tries again after a second
 * and is refused then.  Unix: connect(2) is refused at once (unix(7)).
 */
void listener_deafen(struct listener *l)
{
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13), /* the flags (RFC 9293 3.1) */
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, TH_SYN | TH_ACK),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TH_SYN, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	const struct sock_fprog filter = { sizeof code / sizeof *code, code };

	if (l->fd < 0 || l->owner != getpid())
		return;
	l->is_deaf = true;
	if (l->path)
		shutdown(l->fd, SHUT_RD);
	else
		setsockopt(l->fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
}

bool listener_can_go_on(const struct listener *l)
{
	return l->fd >= 0 && !(l->is_deaf && l->path);
}

void listener_let_go(struct listener *l)
{
	if (l->fd >= 0)
		sock_close(l->fd);
	l->fd = -1;
}

void listener_leave(struct listener *l)
{
	bool is_ours = l->path && l->owner == getpid() && is_named(l);

	listener_let_go(l);
	if (is_ours)
		listener_clear_stale(l->path);
	l->owner = 0;
	listener_close(l);
}

void listener_close(struct listener *l)
{
	listener_let_go(l);
	if (l->path && l->owner == getpid() && is_named(l))
		unlink(l->path);
	free(l->path);
	l->path = NULL;
}
