/* PROXY headers.  Runs in: leader. */
#include "http/proxy_protocol.h"

#define V1_PREFIX LTD_SLICE("PROXY ")
#define PORT_MAX 65535

#define SIGNATURE LTD_SLICE("\r\n\r\n\0\r\nQUIT\n")
#define FIXED_BYTES 16      /* signature, command, family, length */
#define SIGNIFICANT_BYTES 5 /* of the signature: a parser of HTTP stops at its NUL */

/* Do the bytes begin with `prefix`, as far as both go? */
static bool agrees(struct ltd_slice bytes, struct ltd_slice prefix)
{
	size_t len = bytes.len < prefix.len ? bytes.len : prefix.len;

	return memcmp(bytes.at, prefix.at, len) == 0;
}

/* --- version 1 ------------------------------------------------------------------------ */

static bool is_port(struct ltd_slice word)
{
	uint64_t port;

	return slice_to_u64(word, &port) && port <= PORT_MAX && word.len <= 5;
}

static bool is_address(struct ltd_slice word, bool is_v6, struct ip *ip)
{
	return ip_parse(word, ip) && is_v6 == (memchr(word.at, ':', word.len) != NULL);
}

enum v1_word { V1_PROTOCOL, V1_SOURCE, V1_DESTINATION, V1_SOURCE_PORT, V1_PORT, V1_WORDS };

/* Exactly so many words, one space between them. */
static bool cut_words(struct ltd_slice line, struct ltd_slice word[V1_WORDS])
{
	unsigned n = 0;

	while (n < V1_WORDS && slice_cut(&line, ' ', &word[n]))
		n++;
	return n == V1_WORDS && !line.at;
}

static bool read_v1_line(struct ltd_slice line, struct proxy_header *h)
{
	struct ltd_slice word[V1_WORDS], rest = line, first;
	struct ip destination;
	bool is_v6;

	/* What follows UNKNOWN is not to be looked at. */
	if (slice_cut(&rest, ' ', &first) && slice_eq(first, LTD_SLICE("UNKNOWN")))
		return true;
	if (!cut_words(line, word))
		return false;
	is_v6 = slice_eq(word[V1_PROTOCOL], LTD_SLICE("TCP6"));
	h->has_client = is_v6 || slice_eq(word[V1_PROTOCOL], LTD_SLICE("TCP4"));
	return h->has_client && is_address(word[V1_SOURCE], is_v6, &h->client) &&
	       is_address(word[V1_DESTINATION], is_v6, &destination) &&
	       is_port(word[V1_SOURCE_PORT]) && is_port(word[V1_PORT]);
}

static enum proxy_verdict read_v1(struct ltd_slice bytes, struct proxy_header *h)
{
	size_t len = bytes.len < PROXY_V1_MAX ? bytes.len : PROXY_V1_MAX;
	const char *cr = memchr(bytes.at, '\r', len);

	if (memchr(bytes.at, '\n', cr ? (size_t)(cr - bytes.at) : len))
		return PROXY_MALFORMED;
	if (!cr || cr + 1 == bytes.at + len)
		return len < PROXY_V1_MAX ? PROXY_MORE : PROXY_MALFORMED;
	if (cr[1] != '\n')
		return PROXY_MALFORMED;

	const char *from = bytes.at + V1_PREFIX.len;
	h->bytes = (size_t)(cr + 2 - bytes.at);
	return read_v1_line(slice_of(from, (size_t)(cr - from)), h) ? PROXY_DONE : PROXY_MALFORMED;
}

/* --- version 2 ------------------------------------------------------------------------ */

enum { COMMAND_LOCAL = 0x20, COMMAND_PROXY = 0x21 };

/* By the family's upper half: the source address's bytes, and all that stands before the TLVs. */
static const struct family {
	sa_family_t family;
	unsigned source, addresses;
} families[] = {
	{ AF_UNSPEC, 0, 0 },  /* unspecified */
	{ AF_INET, 4, 12 },   /* two addresses and two ports */
	{ AF_INET6, 16, 36 }, /* likewise */
	{ AF_UNIX, 0, 216 },  /* two paths */
};

#define TRANSPORT_DGRAM 2 /* the family's lower half: 0 to 2 are known */

enum { TLV_CRC32C = 0x03, TLV_SSL = 0x20 };
#define CRC_BYTES 4
#define TLV_HEAD_BYTES 3
#define SSL_BYTES 5 /* flags and the result of the verification, before its own TLVs */
#define SSL_CLIENT_SSL 1

static unsigned u16_of(const unsigned char *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

static uint32_t u32_of(const unsigned char *at)
{
	return (uint32_t)u16_of(at) << 16 | u16_of(at + 2);
}

/* CRC-32C (RFC 9260 A), the four bytes at `field` taken for zero. */
static uint32_t checksum(const unsigned char *at, size_t len, const unsigned char *field)
{
	uint32_t crc = ~0u;

	for (size_t i = 0; i < len; i++) {
		crc ^= at + i >= field && at + i < field + CRC_BYTES ? 0 : at[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
	}
	return ~crc;
}

static bool read_tlv(const unsigned char *head, unsigned type, const unsigned char *value,
		     unsigned len, struct proxy_header *h)
{
	if (type == TLV_CRC32C)
		return len == CRC_BYTES && checksum(head, h->bytes, value) == u32_of(value);
	if (type != TLV_SSL)
		return true;
	h->is_secure = len >= SSL_BYTES && value[0] & SSL_CLIENT_SSL;
	return len >= SSL_BYTES;
}

static bool read_tlvs(const unsigned char *head, size_t at, struct proxy_header *h)
{
	while (at < h->bytes) {
		if (h->bytes - at < TLV_HEAD_BYTES)
			return false;

		unsigned len = u16_of(head + at + 1);
		const unsigned char *value = head + at + TLV_HEAD_BYTES;

		if (len > h->bytes - at - TLV_HEAD_BYTES || !read_tlv(head, head[at], value, len, h))
			return false;
		at += TLV_HEAD_BYTES + len;
	}
	return true;
}

static void set_client(struct proxy_header *h, const struct family *f, const unsigned char *source)
{
	struct sockaddr_storage from = { .ss_family = f->family == AF_UNIX ? AF_UNSPEC : f->family };

	if (f->family == AF_INET)
		memcpy(&((struct sockaddr_in *)&from)->sin_addr, source, f->source);
	else if (f->family == AF_INET6)
		memcpy(&((struct sockaddr_in6 *)&from)->sin6_addr, source, f->source);
	ip_of_sockaddr(&h->client, &from);
	h->has_client = true;
}

/* The command, and the two halves of the family: both unspecified or both known. */
static bool is_sound(const unsigned char *head)
{
	unsigned family = head[13] >> 4, transport = head[13] & 15;

	if (head[12] == COMMAND_LOCAL) /* the family is not to be looked at */
		return true;
	return head[12] == COMMAND_PROXY && family < sizeof families / sizeof *families &&
	       transport <= TRANSPORT_DGRAM && (family == 0) == (transport == 0);
}

static bool read_v2_block(const unsigned char *head, struct proxy_header *h)
{
	const struct family *f = &families[head[12] == COMMAND_LOCAL ? 0 : head[13] >> 4];

	if (f->family == AF_UNSPEC) /* the rest is not to be looked at */
		return true;
	if (h->bytes - FIXED_BYTES < f->addresses)
		return false;
	set_client(h, f, head + FIXED_BYTES);
	return read_tlvs(head, FIXED_BYTES + f->addresses, h);
}

static enum proxy_verdict read_v2(struct ltd_slice bytes, struct proxy_header *h)
{
	const unsigned char *head = (const unsigned char *)bytes.at;

	if (bytes.len < FIXED_BYTES)
		return PROXY_MORE;
	h->bytes = FIXED_BYTES + u16_of(head + 14);
	if (h->bytes > PROXY_V2_MAX || !is_sound(head))
		return PROXY_MALFORMED;
	if (bytes.len < h->bytes)
		return PROXY_MORE;
	return read_v2_block(head, h) ? PROXY_DONE : PROXY_MALFORMED;
}

enum proxy_verdict proxy_header_read(struct ltd_slice bytes, struct proxy_header *h)
{
	*h = (struct proxy_header){ .bytes = 0 };
	if (bytes.len == 0)
		return PROXY_MORE;
	if (agrees(bytes, V1_PREFIX))
		return read_v1(bytes, h);
	if (agrees(bytes, SIGNATURE))
		return read_v2(bytes, h);
	return PROXY_MALFORMED;
}

bool proxy_header_begins(struct ltd_slice bytes)
{
	return (bytes.len >= V1_PREFIX.len && agrees(bytes, V1_PREFIX)) ||
	       (bytes.len >= SIGNIFICANT_BYTES && agrees(bytes, SIGNATURE));
}
