/* Bytes, numbers and authorities, once more.  Runs in: the tests. */
#include "reader_bytes.h"

#include <arpa/inet.h>
#include <string.h>

#define REG_NAME "-._~!$&'()*+,;=" DIGITS LETTERS

bool reader_is_in(char c, const char *set)
{
	return c && strchr(set, c);
}

bool reader_to_number(struct ltd_slice s, uint64_t *n)
{
	__extension__ unsigned __int128 sum = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (!reader_is_in(s.at[i], DIGITS))
			return false;
		sum = sum * 10 + (unsigned)(s.at[i] - '0');
		if (sum > UINT64_MAX)
			return false;
	}
	*n = (uint64_t)sum;
	return s.len > 0;
}

static bool is_ipv6(struct ltd_slice s)
{
	unsigned char address[16];
	char text[64] = "";

	if (s.len >= sizeof text)
		return false;
	memcpy(text, s.at, s.len);
	return strlen(text) == s.len && inet_pton(AF_INET6, text, address) == 1;
}

/* "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" ) */
static bool is_future(struct ltd_slice s)
{
	size_t n = 1;

	if (s.len == 0 || !reader_is_in(s.at[0], "vV"))
		return false;
	while (n < s.len && reader_is_in(s.at[n], HEX))
		n++;
	if (n == 1 || n + 1 >= s.len || s.at[n] != '.')
		return false;
	for (n++; n < s.len; n++)
		if (!reader_is_in(s.at[n], REG_NAME ":"))
			return false;
	return true;
}

static size_t name_bytes(struct ltd_slice s)
{
	size_t n = 0;

	for (;;) {
		if (n < s.len && reader_is_in(s.at[n], REG_NAME))
			n++;
		else if (n + 2 < s.len && s.at[n] == '%' && reader_is_in(s.at[n + 1], HEX) &&
			 reader_is_in(s.at[n + 2], HEX))
			n += 3;
		else
			return n;
	}
}

/* IPv6address "%25" ZoneID (RFC 6874 2) */
static bool is_ipv6_of_zone(struct ltd_slice s)
{
	for (size_t n = 0; n + 3 < s.len; n++)
		if (memcmp(s.at + n, "%25", 3) == 0)
			return is_ipv6((struct ltd_slice){ s.at, n }) &&
			       name_bytes((struct ltd_slice){ s.at + n + 3, s.len - n - 3 }) ==
				       s.len - n - 3;
	return false;
}

/* "[" ( IPv6address / IPv6addrz / IPvFuture ) "]" */
static size_t literal_bytes(struct ltd_slice s)
{
	const char *close = memchr(s.at, ']', s.len);
	struct ltd_slice inside = { s.at + 1, close ? (size_t)(close - s.at) - 1 : 0 };
	bool is_sound = is_ipv6(inside) || is_ipv6_of_zone(inside) || is_future(inside);

	return is_sound ? inside.len + 2 : 0;
}

/* A name of DNS has no empty labels, but for the root's at its end (RFC 1034 3.1). */
static bool has_empty_label(struct ltd_slice name)
{
	for (size_t i = 0; i + 1 < name.len; i++)
		if (name.at[i] == '.' && name.at[i + 1] == '.')
			return true;
	return name.len == 1 && name.at[0] == '.';
}

static size_t host_bytes(struct ltd_slice s)
{
	if (s.len && s.at[0] == '[')
		return literal_bytes(s);
	size_t n = name_bytes(s);
	return has_empty_label((struct ltd_slice){ s.at, n }) ? 0 : n;
}

bool reader_is_authority(struct ltd_slice s, bool needs_port)
{
	size_t n = host_bytes(s);
	uint64_t port = 0;

	if (n == 0)
		return false;
	if (n == s.len)
		return !needs_port;
	if (s.at[n] != ':')
		return false;
	if (n + 1 == s.len)
		return !needs_port;
	return reader_to_number((struct ltd_slice){ s.at + n + 1, s.len - n - 1 }, &port) &&
	       port <= 65535;
}

bool reader_has_half_escape(struct ltd_slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] == '%' && (s.len - i < 3 || !reader_is_in(s.at[i + 1], HEX) ||
				       !reader_is_in(s.at[i + 2], HEX)))
			return true;
	return false;
}
