/*
 * The PROXY protocol, versions 1 and 2: a load balancer says whose connection it passes on, before
 * the first byte of it (haproxy.org, doc/proxy-protocol.txt).
 *
 *	version 1	PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n
 *
 *	version 2	signature (12) | version, command (1) | family (1) | length (2) |
 *			addresses, by family | TLVs | ...
 *
 * One verdict for the same bytes, however they come split.  Pure.
 */
#ifndef HTTP_PROXY_PROTOCOL_H
#define HTTP_PROXY_PROTOCOL_H

#include "base/ip.h"

#define PROXY_V1_MAX 107  /* with the CRLF: doc/proxy-protocol.txt 2.1 */
#define PROXY_V2_MAX 4096 /* ours: addresses take 216 bytes at most, the rest are TLVs */

enum proxy_verdict {
	PROXY_MORE, /* give more bytes */
	PROXY_DONE,
	PROXY_MALFORMED, /* or none at all; the connection must end */
};

struct proxy_header {
	size_t bytes;     /* its length; the connection's own bytes follow */
	bool has_client;  /* false: LOCAL or UNKNOWN, the peer itself is meant */
	struct ip client; /* AF_UNSPEC: it came by a unix socket */
	bool is_secure;   /* it came by TLS (PP2_TYPE_SSL) */
};

enum proxy_verdict proxy_header_read(struct ltd_slice bytes, struct proxy_header *h);

/* Does what a parser of HTTP has stopped at begin as such a header does? */
bool proxy_header_begins(struct ltd_slice bytes);

#endif
