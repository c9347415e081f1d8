/*
 * The form of listening addresses.
 *
 * Runs in: master
 */
#include "conf/address.h"

#include <arpa/inet.h>

#include "conf/value.h"

#define UNIX_PREFIX LTD_SLICE("unix:")
#define PORT_MAX 65535
#define NAME_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"

static bool copy(char *to, size_t to_bytes, struct ltd_slice text)
{
	if (text.len >= to_bytes)
		return false;
	memcpy(to, text.at, text.len);
	to[text.len] = '\0';
	return true;
}

/* A scope ("fe80::1%eth0") is the resolver's to judge. */
static bool is_ipv6(const char *host)
{
	struct in6_addr parsed;
	char without[ADDRESS_HOST_BYTES];
	size_t len = strcspn(host, "%");

	return copy(without, sizeof without, slice_of(host, len)) &&
	       inet_pton(AF_INET6, without, &parsed) == 1;
}

/* What is all digits and dots means to be an IPv4 address, and must be a whole one. */
static bool is_name_or_ipv4(const char *host)
{
	struct in_addr parsed;
	size_t len = strlen(host);

	if (strspn(host, "0123456789.") == len)
		return inet_pton(AF_INET, host, &parsed) == 1;
	return strspn(host, NAME_BYTES) == len && host[0] != '-' && host[0] != '.';
}

static bool parse_host(struct ltd_slice text, char host[ADDRESS_HOST_BYTES])
{
	if (text.len >= 2 && text.at[0] == '[' && text.at[text.len - 1] == ']')
		return copy(host, ADDRESS_HOST_BYTES, slice_of(text.at + 1, text.len - 2)) &&
		       is_ipv6(host);
	return copy(host, ADDRESS_HOST_BYTES, text) && (text.len == 0 || is_name_or_ipv4(host));
}

static bool parse_port(struct ltd_slice text, uint16_t *port)
{
	uint64_t n;

	if (!slice_to_u64(text, &n) || n > PORT_MAX)
		return false;
	*port = (uint16_t)n;
	return true;
}

bool address_parse(struct ltd_slice text, struct address *a)
{
	memset(a, 0, sizeof *a);
	if (!value_is_printable(text))
		return false;
	if (slice_starts_with(text, UNIX_PREFIX)) {
		text = slice_of(text.at + UNIX_PREFIX.len, text.len - UNIX_PREFIX.len);
		a->is_unix = true;
		return text.len > 0 && copy(a->path, sizeof a->path, text);
	}

	const char *colon = memrchr(text.at, ':', text.len);
	if (!colon)
		return false;

	size_t host_len = (size_t)(colon - text.at);
	return parse_host(slice_of(text.at, host_len), a->host) &&
	       parse_port(slice_of(colon + 1, text.len - host_len - 1), &a->port);
}
