/*
 * Addresses of machines, and sets of networks: who is trusted.
 *
 * An IPv4 address written as an IPv6 one (::ffff:192.0.2.1, RFC 4291 2.5.5.2) is the IPv4 address.
 */
#ifndef BASE_IP_H
#define BASE_IP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "base/slice.h"

struct ip {
	unsigned char at[sizeof(struct in6_addr)]; /* network order; IPv4 uses the first four */
	sa_family_t family; /* AF_INET, AF_INET6; AF_UNIX and AF_UNSPEC have no address */
};

/* The dotted or the colon form, whole; no port, no brackets, no scope. */
bool ip_parse(struct ltd_slice text, struct ip *ip);

void ip_of_sockaddr(struct ip *ip, const struct sockaddr_storage *from);
bool ip_eq(const struct ip *a, const struct ip *b);

#define NETWORKS_MAX 64

struct networks {
	unsigned count;
	struct network {
		struct ip ip;
		unsigned bits;    /* of the prefix */
		bool is_everyone; /* "*": any peer, over unix sockets too */
	} at[NETWORKS_MAX];
};

#define NETWORK_EXPECTED "an address, a network such as 10.0.0.0/8, unix, or * for everyone"

/*
 * One member of a list of trusted peers: "192.0.2.1", "10.0.0.0/8", "2001:db8::/32", "unix" (any
 * peer on a unix socket) or "*".  Address bits behind the prefix do not count.
 */
bool network_parse(struct ltd_slice text, struct network *n);

/* As it may be read again: `text`, or a literal. */
#define NETWORK_TEXT_BYTES (INET6_ADDRSTRLEN + 4)
const char *network_print(const struct network *n, char text[NETWORK_TEXT_BYTES]);

bool networks_hold(const struct networks *n, const struct ip *ip);

#endif
