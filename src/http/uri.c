/* Pieces of URIs.  Runs in: any. */
#include "http/uri.h"

#include <arpa/inet.h>

#include "http/chars.h"

#define PORT_MAX 65535

/*
 * Takes one decoded byte off the front; -1 for a '%' without two hexadecimal digits.
 * The piece must not be empty.
 */
static int decode_byte(struct ltd_slice *s, bool plus_is_space)
{
	char c = s->at[0];

	if (c == '%') {
		int high = s->len > 2 ? char_hex(s->at[1]) : -1;
		int low = s->len > 2 ? char_hex(s->at[2]) : -1;

		if (high < 0 || low < 0)
			return -1;
		*s = slice_of(s->at + 3, s->len - 3);
		return high << 4 | low;
	}
	*s = slice_of(s->at + 1, s->len - 1);
	return c == '+' && plus_is_space ? ' ' : (unsigned char)c;
}

/* Does `s` begin with '%' and two hexadecimal digits? */
static bool is_escape(struct ltd_slice s)
{
	return s.len > 2 && s.at[0] == '%' && char_is(s.at[1], CHAR_HEX) &&
	       char_is(s.at[2], CHAR_HEX);
}

bool uri_escapes_are_valid(struct ltd_slice s)
{
	const char *end = s.at + s.len, *at = s.len ? memchr(s.at, '%', s.len) : NULL;

	while (at && is_escape(slice_of(at, (size_t)(end - at)))) {
		at += 3;
		at = at < end ? memchr(at, '%', (size_t)(end - at)) : NULL;
	}
	return at == NULL;
}

static bool is_plain(struct ltd_slice s, bool plus_is_space)
{
	return s.len == 0 ||
	       (!memchr(s.at, '%', s.len) && !(plus_is_space && memchr(s.at, '+', s.len)));
}

bool uri_decode(struct arena *a, struct ltd_slice piece, bool plus_is_space, struct ltd_slice *out)
{
	struct ltd_slice rest = piece;

	*out = piece;
	if (is_plain(piece, plus_is_space))
		return true;

	char *text = arena_alloc(a, piece.len);
	if (!text)
		return false;
	size_t n = 0;
	while (rest.len > 0) {
		int byte = decode_byte(&rest, plus_is_space);

		if (byte < 0)
			return false;
		text[n++] = (char)byte;
	}
	*out = slice_of(text, n);
	return true;
}

bool uri_undo_needless(struct arena *a, struct ltd_slice path, struct ltd_slice *out)
{
	struct ltd_slice rest = path;
	size_t n = 0;

	*out = path;
	if (!path.len || !memchr(path.at, '%', path.len))
		return true;
	char *text = arena_alloc(a, path.len);
	if (!text)
		return false;
	while (rest.len > 0) {
		struct ltd_slice before = rest;
		int byte = decode_byte(&rest, false);
		size_t len = before.len - rest.len;

		if (len > 1 && char_is((char)byte, CHAR_UNRESERVED)) {
			text[n++] = (char)byte;
		} else {
			memcpy(text + n, before.at, len);
			n += len;
		}
	}
	*out = slice_of(text, n);
	return true;
}

static bool decodes_to(struct ltd_slice sent, struct ltd_slice name)
{
	size_t i = 0;

	while (sent.len > 0) {
		int byte = decode_byte(&sent, true);

		if (byte < 0 || i == name.len || byte != (unsigned char)name.at[i++])
			return false;
	}
	return i == name.len;
}

bool uri_query_find(struct arena *a, struct ltd_slice query, struct ltd_slice name,
		    struct ltd_slice *value)
{
	struct ltd_slice pair, key;

	while (slice_cut(&query, '&', &pair)) {
		struct ltd_slice rest = pair;

		if (!slice_cut(&rest, '=', &key) || !decodes_to(key, name))
			continue;
		if (!rest.at)
			rest = slice_of(pair.at + pair.len, 0);
		uri_decode(a, rest, true, value);
		return true;
	}
	return false;
}

/* How much at the front of `s` may stand in a host's name (RFC 3986 3.2.2). */
static size_t host_characters(struct ltd_slice s)
{
	size_t n = 0;

	while (n < s.len) {
		if (char_is(s.at[n], CHAR_REG_NAME))
			n++;
		else if (is_escape(slice_of(s.at + n, s.len - n)))
			n += 3;
		else
			break;
	}
	return n;
}

/* IPvFuture = "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" )  (RFC 3986 3.2.2) */
static bool is_future_address(struct ltd_slice s)
{
	size_t version, n;

	if (s.len == 0 || (s.at[0] != 'v' && s.at[0] != 'V'))
		return false;
	version = chars_span(slice_of(s.at + 1, s.len - 1), CHAR_HEX);
	n = version + 2; /* behind the dot */
	if (version == 0 || n >= s.len || s.at[n - 1] != '.')
		return false;
	while (n < s.len && (char_is(s.at[n], CHAR_REG_NAME) || s.at[n] == ':'))
		n++;
	return n == s.len;
}

/* "%25" 1*( unreserved / pct-encoded )  (RFC 6874 2) */
static bool is_zone(struct ltd_slice s)
{
	return s.len > 3 && slice_starts_with(s, LTD_SLICE("%25")) && host_characters(s) == s.len;
}

/*
 * An IPv6 address, perhaps with a zone, which means something to the client's machine alone and
 * is to be ignored (RFC 6874 4).
 */
static bool is_ipv6(struct ltd_slice s)
{
	const char *mark = s.len ? memchr(s.at, '%', s.len) : NULL;
	size_t len = mark ? (size_t)(mark - s.at) : s.len;
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (mark && !is_zone(slice_of(mark, s.len - len)))
		return false;
	if (len >= sizeof text || memchr(s.at, '\0', len))
		return false;
	memcpy(text, s.at, len);
	text[len] = '\0';
	return inet_pton(AF_INET6, text, &address) == 1;
}

/*
 * Is a label between two dots empty, or the whole name?  Any syntax but DNS's would allow it
 * (RFC 3986 3.2.2), and who makes a path of the name must not be led out of it.
 */
static bool has_hole(struct ltd_slice name)
{
	return slice_eq(name, LTD_SLICE(".")) || (name.len && memmem(name.at, name.len, "..", 2));
}

/* The length of the host at the front, 0 if there is none that is sound (RFC 3986 3.2.2). */
static size_t host_length(struct ltd_slice s)
{
	if (s.len > 0 && s.at[0] == '[') {
		const char *end = memchr(s.at, ']', s.len);
		struct ltd_slice address = slice_of(s.at + 1, end ? (size_t)(end - s.at) - 1 : 0);

		return is_ipv6(address) || is_future_address(address) ? address.len + 2 : 0;
	}

	size_t len = host_characters(s);
	return has_hole(slice_of(s.at, len)) ? 0 : len;
}

bool uri_authority_is_valid(struct ltd_slice authority)
{
	size_t host = host_length(authority);
	uint64_t port;

	if (host == 0)
		return false;
	if (host == authority.len)
		return true;
	if (authority.at[host] != ':')
		return false;
	if (host + 1 == authority.len)
		return true;
	return slice_to_u64(slice_of(authority.at + host + 1, authority.len - host - 1), &port) &&
	       port <= PORT_MAX;
}

bool uri_authority_has_port(struct ltd_slice authority)
{
	return uri_authority_is_valid(authority) && host_length(authority) + 1 < authority.len;
}
