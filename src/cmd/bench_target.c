/* URLs, weights, addresses and request bytes.  Runs in: any; the generator has one thread. */
#include "cmd/bench_target.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>
#include <unistd.h>

#define WIRE_MAX (64 * 1024)
#define MIX_LINE_MAX 8192
#define CONNECT_MS 1000

/* A URL's pieces, pointing into it. */
struct url {
	struct ltd_slice host, port, path; /* for unix: the socket's path is the host */
	struct ltd_slice authority;        /* as the Host field says it */
	bool is_unix;
};

void targets_fini(struct targets *t)
{
	for (unsigned i = 0; i < t->count; i++) {
		free(t->target[i].url);
		free(t->target[i].wire);
	}
	t->count = t->endpoints = 0;
}

static int refuse(struct buf *why, const char *url, const char *reason)
{
	buf_printf(why, "%s: %s", url, reason);
	return -EINVAL;
}

static struct ltd_slice slice_between(const char *from, const char *to)
{
	return slice_of(from, (size_t)(to - from));
}

/* unix:/run/x.sock:/path, where the path may be left out. */
static int split_unix(struct url *u, const char *rest)
{
	const char *colon = strstr(rest, ":/");
	const char *end = colon ? colon : rest + strlen(rest);

	u->is_unix = true;
	u->host = slice_between(rest, end);
	u->path = colon ? slice_of_string(colon + 1) : slice_of_string("/");
	u->authority = slice_of_string("localhost");
	return u->host.len ? 0 : -EINVAL;
}

static int split_authority(struct url *u)
{
	const char *at = u->authority.at, *end = at + u->authority.len, *colon;

	if (memchr(at, '@', u->authority.len))
		return -EINVAL;
	if (*at == '[') {
		const char *bracket = memchr(at, ']', u->authority.len);

		if (!bracket)
			return -EINVAL;
		u->host = slice_between(at + 1, bracket);
		colon = bracket + 1;
	} else {
		colon = memchr(at, ':', u->authority.len);
		colon = colon ? colon : end;
		u->host = slice_between(at, colon);
	}
	u->port = slice_of_string("80");
	if (colon < end && *colon != ':')
		return -EINVAL;
	if (colon + 1 < end)
		u->port = slice_between(colon + 1, end);
	return u->host.len ? 0 : -EINVAL;
}

static int split_http(struct url *u, const char *rest)
{
	size_t len = strcspn(rest, "/");

	u->authority = slice_of(rest, len);
	u->path = rest[len] ? slice_of_string(rest + len) : slice_of_string("/");
	if (len == 0 || memchr(rest, '?', len))
		return -EINVAL;
	return split_authority(u);
}

static int url_split(struct url *u, const char *text, struct buf *why)
{
	struct ltd_slice all = slice_of_string(text);
	struct ltd_slice scheme = slice_of(text, all.len < 7 ? all.len : 7);

	for (const char *p = text; *p; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f || *p == '#')
			return refuse(why, text, "has a character no request target may have");
	if (slice_starts_with(all, slice_of_string("unix:")))
		return split_unix(u, text + 5) ? refuse(why, text, "unix:SOCKET:/PATH is wanted")
					       : 0;
	if (slice_eq_nocase(scheme, slice_of_string("http://")))
		return split_http(u, text + 7)
			       ? refuse(why, text, "http://HOST[:PORT]/PATH is wanted")
			       : 0;
	if (slice_starts_with(all, slice_of_string("https://")))
		return refuse(why, text, "TLS is not spoken here: http:// or unix: is wanted");
	return refuse(why, text, "is neither http://HOST[:PORT]/PATH nor unix:SOCKET:/PATH");
}

static int resolve_unix(struct endpoint *e, struct ltd_slice path)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&e->address;

	if (path.len >= sizeof un->sun_path)
		return -ENAMETOOLONG;
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, path.at, path.len);
	e->address_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.len + 1);
	return 0;
}

/* Of several (localhost is often ::1 and 127.0.0.1), the first that takes a connection. */
static const struct addrinfo *first_reachable(const struct addrinfo *found)
{
	for (const struct addrinfo *a = found; found->ai_next && a; a = a->ai_next) {
		struct pollfd p = { .fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK, 0),
				    .events = POLLOUT };
		int error = p.fd < 0 || connect(p.fd, a->ai_addr, a->ai_addrlen) ? errno : 0;
		socklen_t bytes = sizeof error;

		if (error == EINPROGRESS) {
			error = ETIMEDOUT;
			if (poll(&p, 1, CONNECT_MS) == 1)
				getsockopt(p.fd, SOL_SOCKET, SO_ERROR, &error, &bytes);
		}
		if (p.fd >= 0)
			close(p.fd);
		if (!error)
			return a;
	}
	return found;
}

static bool is_port(struct ltd_slice text)
{
	uint64_t port;

	return slice_to_u64(text, &port) && port >= 1 && port <= 65535;
}

static int resolve_tcp(struct endpoint *e, const struct url *u, const char *text, struct buf *why)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM }, *found;
	char host[256], port[8];

	if (!is_port(u->port))
		return refuse(why, text, "its port is none: 1 to 65535 is wanted");
	if (u->host.len >= sizeof host || u->port.len >= sizeof port)
		return refuse(why, text, "its host or port is too long");
	memcpy(host, u->host.at, u->host.len);
	host[u->host.len] = '\0';
	memcpy(port, u->port.at, u->port.len);
	port[u->port.len] = '\0';

	int error = getaddrinfo(host, port, &hints, &found);
	if (error)
		return refuse(why, text, gai_strerror(error));
	const struct addrinfo *chosen = first_reachable(found);
	memcpy(&e->address, chosen->ai_addr, chosen->ai_addrlen);
	e->address_bytes = chosen->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

static unsigned endpoint_for(struct targets *t, const struct endpoint *e)
{
	for (unsigned i = 0; i < t->endpoints; i++)
		if (t->endpoint[i].address_bytes == e->address_bytes &&
		    memcmp(&t->endpoint[i].address, &e->address, e->address_bytes) == 0)
			return i;
	t->endpoint[t->endpoints] = *e;
	return t->endpoints++;
}

int targets_add(struct targets *t, const char *url, double weight, struct buf *why)
{
	struct url u = { 0 };
	struct endpoint e;

	memset(&e, 0, sizeof e); /* padding too: addresses are compared as bytes */
	if (t->count == TARGETS_MAX)
		return refuse(why, url, "too many URLs");
	if (!(weight > 0))
		return refuse(why, url, "its weight must be more than 0");
	if (url_split(&u, url, why))
		return -EINVAL;
	if (u.is_unix && resolve_unix(&e, u.host))
		return refuse(why, url, "the socket's path is too long");
	if (!u.is_unix && resolve_tcp(&e, &u, url, why))
		return -EINVAL;

	char *copy = strdup(url);
	if (!copy)
		return refuse(why, url, "out of memory");
	t->target[t->count++] = (struct target){
		.url = copy,
		.weight = weight,
		.endpoint = endpoint_for(t, &e),
	};
	return 0;
}

/* "WEIGHT URL"; an empty line or a comment is none. */
static int add_line(struct targets *t, struct ltd_slice line, struct buf *why)
{
	char text[MIX_LINE_MAX];
	double weight;

	line = slice_trim(line);
	if (line.len == 0 || *line.at == '#')
		return 0;
	if (line.len >= sizeof text)
		return refuse(why, "--mix", "a line is too long");
	memcpy(text, line.at, line.len);
	text[line.len] = '\0';

	size_t number = strcspn(text, " \t");
	if (!slice_to_double(slice_of(text, number), &weight) || !text[number])
		return refuse(
			why,
			text, "a weight and a URL are wanted (a comma in a URL: write %2C, or use a file)");
	return targets_add(t, text + number + strspn(text + number, " \t"), weight, why);
}

static int add_file(struct targets *t, FILE *file, const char *name, struct buf *why)
{
	char *line = NULL;
	size_t room = 0;
	int error = 0;

	while (!error) {
		ssize_t len = getline(&line, &room, file);

		if (len < 0 && ferror(file)) /* a folder can be opened, too */
			error = refuse(why, name, strerror(errno));
		if (len < 0)
			break;
		while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
			len--;
		error = add_line(t, slice_of(line, (size_t)len), why);
	}
	free(line);
	return error;
}

int targets_add_mix(struct targets *t, const char *mix, struct buf *why)
{
	struct ltd_slice rest = slice_of_string(mix), piece;
	FILE *file = fopen(mix, "re");
	int error = 0;

	if (file) {
		error = add_file(t, file, mix, why);
		fclose(file);
		return error;
	}
	if (!strchr(mix, ' '))
		return refuse(why, mix, strerror(errno));
	while (!error && slice_cut(&rest, ',', &piece))
		error = add_line(t, piece, why);
	return error;
}

/* Whether the lines have that field; its name is given with the colon. */
static bool has_field(const char *headers, const char *name)
{
	size_t len = strlen(name);

	while (headers && *headers) {
		if (strncasecmp(headers, name, len) == 0)
			return true;
		headers = strchr(headers, '\n');
		headers = headers ? headers + 1 : NULL;
	}
	return false;
}

static int write_one(struct target *t, const char *headers, bool keep_alive)
{
	struct buf why = { 0 }, wire;
	struct url u = { 0 };

	buf_init(&why, 256);
	buf_init(&wire, WIRE_MAX);
	int error = url_split(&u, t->url, &why);
	if (!error) {
		buf_printf(&wire, "GET %.*s HTTP/1.1\r\n", (int)u.path.len, u.path.at);
		if (!has_field(headers, "Host:")) /* there may be but one: RFC 9112 3.2 */
			buf_printf(&wire, "Host: %.*s\r\n", (int)u.authority.len, u.authority.at);
		if (!has_field(headers, "User-Agent:"))
			buf_puts(&wire, "User-Agent: littled-bench\r\n");
		buf_printf(&wire, "%s%s\r\n", headers, keep_alive ? "" : "Connection: close\r\n");
		t->wire_bytes = wire.len;
		t->wire = buf_steal(&wire);
	}
	buf_fini(&wire);
	buf_fini(&why);
	return t->wire ? 0 : -ENOMEM;
}

int targets_write(struct targets *t, const char *headers, bool keep_alive, struct buf *why)
{
	for (unsigned i = 0; i < t->count; i++)
		if (write_one(&t->target[i], headers, keep_alive))
			return refuse(why, t->target[i].url, "its request is too long");
	return 0;
}
