/*
 * The PROXY header before a connection's first request: whose connection it really is.
 *
 * Until it is whole the connection stays FRESH: no request has begun, and the deadline for the
 * first one covers the header too.
 * Runs in: leader.
 */
#include "http/proxy_protocol.h"
#include "net/conn.h"
#include "net/crowd.h"

static void count(const struct conn *c, enum counter which)
{
	if (c->loop->hand->tally)
		tally_count(c->loop->hand->tally, which, 1);
}

bool conn_proxy_is_due(const struct loop *l, const struct client *peer)
{
	return l->limits->proxy_protocol && networks_hold(&l->limits->proxy_senders, &peer->ip);
}

/* What comes is no request: the parser is told so before it sees a byte.  False: closed. */
static bool refuse_header(struct conn *c)
{
	struct exchange *x = conn_begin(c);

	if (!x) {
		conn_close(c, CLOSE_MEMORY);
		return false;
	}
	count(c, COUNTER_PROXY_REFUSED);
	return !request_refuse(
		&x->request, 400,
		"a connection from here begins with a PROXY header, and this did not");
}

/* It counts as its client's from now on.  False: that client has its share, and it is closed. */
static bool be_of(struct conn *c, const struct ip *ip)
{
	struct loop *l = c->loop;
	struct client who;

	if (ip->family == AF_UNSPEC)
		client_of_name(&who, slice_of("", 0));
	else
		client_of_ip(&who, ip);
	if (l->crowd && crowd_count(l->crowd, &who) >= l->limits->address_connections) {
		count(c, COUNTER_CROWDED_OUT);
		conn_close(c, CLOSE_CROWDED_OUT);
		return false;
	}
	if (l->crowd)
		crowd_leave(l->crowd, l->worker, &c->client);
	conn_identify(c, &who);
	return true;
}

static bool obey(struct conn *c, const struct proxy_header *h)
{
	count(c, COUNTER_PROXY_HEADERS);
	c->awaits_header = false;
	c->in_at += (uint32_t)h->bytes;
	c->is_secure = h->is_secure;
	if (h->has_client && !be_of(c, &h->client))
		return false;
	if (c->in_at < c->in_len)
		return true;
	conn_release_input(c);
	conn_watch(c, EV_READ);
	return false;
}

bool conn_proxy_take(struct conn *c)
{
	struct proxy_header h;
	struct ltd_slice bytes = slice_of(c->in + c->in_at, c->in_len - c->in_at);
	enum proxy_verdict verdict = proxy_header_read(bytes, &h);

	if (verdict == PROXY_MORE) {
		conn_watch(c, EV_READ);
		return false;
	}
	return verdict == PROXY_DONE ? obey(c, &h) : refuse_header(c);
}

bool conn_proxy_intrudes(const struct conn *c)
{
	struct ltd_slice bytes = slice_of(c->in + c->in_at, c->in_len - c->in_at);

	if (!c->loop->limits->proxy_protocol || c->awaits_header || !proxy_header_begins(bytes))
		return false;
	count(c, COUNTER_PROXY_REFUSED);
	return true;
}
