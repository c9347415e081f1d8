/* Addresses and networks.  Runs in: any. */
#include "base/ip.h"

#include <arpa/inet.h>
#include <stdio.h>

#define BITS_V4 32
#define BITS_V6 128

static const unsigned char mapped_prefix[12] = { [10] = 0xff, [11] = 0xff };

static void set(struct ip *ip, sa_family_t family, const unsigned char *at, size_t len)
{
	memset(ip, 0, sizeof *ip);
	ip->family = family;
	memcpy(ip->at, at, len);
}

static void set_v6(struct ip *ip, const unsigned char at[16])
{
	if (memcmp(at, mapped_prefix, sizeof mapped_prefix) == 0)
		set(ip, AF_INET, at + sizeof mapped_prefix, 4);
	else
		set(ip, AF_INET6, at, 16);
}

bool ip_parse(struct ltd_slice text, struct ip *ip)
{
	char copy[INET6_ADDRSTRLEN];
	unsigned char bytes[16];

	if (text.len >= sizeof copy || memchr(text.at, '\0', text.len))
		return false;
	memcpy(copy, text.at, text.len);
	copy[text.len] = '\0';
	if (inet_pton(AF_INET, copy, bytes) == 1)
		set(ip, AF_INET, bytes, 4);
	else if (inet_pton(AF_INET6, copy, bytes) == 1)
		set_v6(ip, bytes);
	else
		return false;
	return true;
}

void ip_of_sockaddr(struct ip *ip, const struct sockaddr_storage *from)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;

	if (from->ss_family == AF_INET)
		set(ip, AF_INET, (const unsigned char *)&v4->sin_addr, 4);
	else if (from->ss_family == AF_INET6)
		set_v6(ip, v6->sin6_addr.s6_addr);
	else
		set(ip, from->ss_family, (const unsigned char *)"", 0);
}

bool ip_eq(const struct ip *a, const struct ip *b)
{
	return a->family == b->family && memcmp(a->at, b->at, sizeof a->at) == 0;
}

/* --- networks ----------------------------------------------------------------------- */

static unsigned most_bits(const struct ip *ip)
{
	return ip->family == AF_INET ? BITS_V4 : BITS_V6;
}

/* The prefix of a mapped network is that of the IPv4 one. */
static bool parse_bits(struct ltd_slice text, bool was_v6, struct network *n)
{
	unsigned most = was_v6 ? BITS_V6 : BITS_V4;
	unsigned mapped = most - most_bits(&n->ip);
	uint64_t bits = most;

	if (text.at && (!slice_to_u64(text, &bits) || bits > most || bits < mapped))
		return false;
	n->bits = (unsigned)bits - mapped;
	return true;
}

bool network_parse(struct ltd_slice text, struct network *n)
{
	struct ltd_slice address;

	memset(n, 0, sizeof *n);
	n->is_everyone = slice_eq(text, LTD_SLICE("*"));
	if (n->is_everyone)
		return true;
	if (slice_eq(text, LTD_SLICE("unix"))) {
		n->ip.family = AF_UNIX;
		return true;
	}
	if (!slice_cut(&text, '/', &address) || !ip_parse(address, &n->ip))
		return false;
	return parse_bits(text, memchr(address.at, ':', address.len) != NULL, n);
}

const char *network_print(const struct network *n, char text[NETWORK_TEXT_BYTES])
{
	char address[INET6_ADDRSTRLEN] = "";

	if (n->is_everyone)
		return "*";
	if (n->ip.family == AF_UNIX)
		return "unix";
	inet_ntop(n->ip.family, n->ip.at, address, sizeof address);
	if (n->bits == most_bits(&n->ip))
		snprintf(text, NETWORK_TEXT_BYTES, "%s", address);
	else
		snprintf(text, NETWORK_TEXT_BYTES, "%s/%u", address, n->bits);
	return text;
}

static bool is_within(const struct ip *ip, const struct network *n)
{
	unsigned bytes = n->bits / 8, rest = n->bits % 8;

	if (ip->family != n->ip.family || memcmp(ip->at, n->ip.at, bytes) != 0)
		return false;
	return rest == 0 || (ip->at[bytes] ^ n->ip.at[bytes]) >> (8 - rest) == 0;
}

bool networks_hold(const struct networks *n, const struct ip *ip)
{
	for (unsigned i = 0; i < n->count; i++)
		if (n->at[i].is_everyone || is_within(ip, &n->at[i]))
			return true;
	return false;
}
