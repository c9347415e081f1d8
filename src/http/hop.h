/*
 * One hop of a chain of proxies, and the chain as it is read from left to right: pure functions
 * beneath forwarded.c.
 */
#ifndef HTTP_HOP_H
#define HTTP_HOP_H

#include "base/ip.h"

enum hop_kind {
	HOP_PEER,    /* it is not said: whoever speaks to us */
	HOP_ADDRESS, /* `ip` */
	HOP_NAMED,   /* `name`, an obfuscated identifier (RFC 7239 6.3) */
	HOP_UNKNOWN, /* said to be unknown (RFC 7239 6.2), or nothing that can be read */
};

struct hop {
	enum hop_kind kind;
	struct ip ip;
	struct ltd_slice name;
};

/*
 * "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80", "_name",
 * "unknown" (RFC 7239 6, and what is found in X-Forwarded-For).
 */
struct hop hop_parse(struct ltd_slice text);

/* The client as far as the chain is read. */
struct chain {
	struct hop client;
	unsigned hops, chosen; /* how many there were, and which of them is the client, from 1 */
};

/* The next hop, nearer to us.  True if it is now the client: none before it can be trusted. */
bool chain_add(struct chain *c, const struct hop *hop, const struct networks *trusted);

bool chain_agrees(const struct chain *a, const struct chain *b);

#endif
