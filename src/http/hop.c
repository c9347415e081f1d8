/* Hops and chains of them.  Runs in: leader. */
#include "http/hop.h"

#include "http/chars.h"

#define NAME_BYTES "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
#define PORT_DIGITS_MAX 5

static bool are_all(struct ltd_slice s, const char *bytes)
{
	for (size_t i = 0; i < s.len; i++)
		if (!s.at[i] || !strchr(bytes, s.at[i]))
			return false;
	return s.len > 0;
}

/* "_hidden": RFC 7239 6.3. */
static bool is_name(struct ltd_slice s)
{
	return s.len > 1 && s.at[0] == '_' && are_all(s, NAME_BYTES);
}

static bool is_port(struct ltd_slice s)
{
	return is_name(s) || (s.len <= PORT_DIGITS_MAX && are_all(s, "0123456789"));
}

/* What stands before ":port", if that is a port; an IPv6 address with one stands in brackets. */
static struct ltd_slice without_port(struct ltd_slice s)
{
	const char *colon = memrchr(s.at, ':', s.len);
	size_t before = colon ? (size_t)(colon - s.at) : 0;
	bool is_v6 = colon && memchr(s.at, ':', before) && s.at[before - 1] != ']';

	if (!colon || is_v6 || !is_port(slice_of(colon + 1, s.len - before - 1)))
		return s;
	return slice_of(s.at, before);
}

struct hop hop_parse(struct ltd_slice text)
{
	struct hop hop = { .kind = HOP_UNKNOWN };
	struct ltd_slice node = text.len ? without_port(text) : text;
	bool has_brackets = node.len > 2 && node.at[0] == '[' && node.at[node.len - 1] == ']';

	if (has_brackets)
		node = slice_of(node.at + 1, node.len - 2);
	if (ip_parse(node, &hop.ip) && (!has_brackets || memchr(node.at, ':', node.len))) {
		hop.kind = HOP_ADDRESS;
	} else if (!has_brackets && is_name(node)) {
		hop.kind = HOP_NAMED;
		hop.name = node;
	}
	return hop;
}

bool chain_add(struct chain *c, const struct hop *hop, const struct networks *trusted)
{
	bool is_trusted = hop->kind == HOP_ADDRESS && networks_hold(trusted, &hop->ip);

	c->hops++;
	if (is_trusted && c->hops > 1)
		return false;
	c->client = *hop;
	c->chosen = c->hops;
	return true;
}

bool chain_agrees(const struct chain *a, const struct chain *b)
{
	if (a->client.kind != b->client.kind)
		return false;
	if (a->client.kind == HOP_ADDRESS)
		return ip_eq(&a->client.ip, &b->client.ip);
	return slice_eq(a->client.name, b->client.name);
}
