/*
 * The PROXY protocol's headers, both versions, beside a slow double.  However the bytes come
 * split there is one verdict, and what follows the header changes nothing.
 *
 * The input: a byte, odd to have the checksum of a version 2 header mended, and the bytes.
 */
#include "fuzz.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

#include "http/proxy_protocol.h"
#include "reader_bytes.h"

#define BYTES_MAX 8192

/* What the double makes of it. */
struct double_header {
	enum proxy_verdict verdict;
	size_t bytes;
	bool has_client, is_secure;
	char client[INET6_ADDRSTRLEN]; /* "": none */
};

/* CRC-32C (RFC 9260 A), the slow way: polynomial division, most significant bit first. */
static unsigned reverse(unsigned n, int bits)
{
	unsigned out = 0;

	for (int i = 0; i < bits; i++)
		out |= (n >> i & 1) << (bits - 1 - i);
	return out;
}

static unsigned crc32c(const uint8_t *at, size_t len)
{
	unsigned crc = 0xffffffff;

	for (size_t i = 0; i < len; i++) {
		crc ^= reverse(at[i], 8) << 24;
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 0x80000000 ? crc << 1 ^ 0x1edc6f41 : crc << 1;
	}
	return ~reverse(crc, 32);
}

/* Of a header whose TLV value at `field` holds the sum: what it should be. */
static void put_checksum(uint8_t *header, size_t bytes, uint8_t *field)
{
	unsigned sum;

	memset(field, 0, 4);
	sum = htonl(crc32c(header, bytes));
	memcpy(field, &sum, 4);
}

/* --- version 1: one line of words ---------------------------------------------------- */

static bool is_port(const char *word)
{
	return *word && strlen(word) <= 5 && strspn(word, DIGITS) == strlen(word) &&
	       strtoul(word, NULL, 10) <= 65535;
}

/* As inet_ntop(3) shows it; an IPv4 address in IPv6's clothes as the former. */
static void show(const void *address, int family, char out[INET6_ADDRSTRLEN])
{
	char text[INET6_ADDRSTRLEN];
	const uint8_t *at = address;
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	if (family == AF_INET6 && memcmp(at, mapped, sizeof mapped) == 0)
		inet_ntop(AF_INET, at + sizeof mapped, text, sizeof text);
	else
		inet_ntop(family, at, text, sizeof text);
	memcpy(out, text, sizeof text);
}

static bool read_words(char *line, struct double_header *d)
{
	char *words[7], *rest = line;
	uint8_t from[16], to[16];
	int n = 0;

	while (n < 7 && rest)
		words[n++] = strsep(&rest, " ");
	if (n >= 2 && strcmp(words[1], "UNKNOWN") == 0)
		return true;
	if (n != 6 || rest)
		return false;
	int family = strcmp(words[1], "TCP4") == 0   ? AF_INET
		     : strcmp(words[1], "TCP6") == 0 ? AF_INET6
						     : AF_UNSPEC;
	if (family == AF_UNSPEC || inet_pton(family, words[2], from) != 1 ||
	    inet_pton(family, words[3], to) != 1 || !is_port(words[4]) || !is_port(words[5]))
		return false;
	d->has_client = true;
	show(from, family, d->client);
	return true;
}

static enum proxy_verdict read_line(const uint8_t *at, size_t len, struct double_header *d)
{
	char line[PROXY_V1_MAX + 1] = "";
	size_t n = 0;

	if (len > PROXY_V1_MAX)
		len = PROXY_V1_MAX;
	while (n < len && at[n] != '\r' && at[n] != '\n')
		n++;
	if (n < len && at[n] == '\n')
		return PROXY_MALFORMED;
	if (n + 1 >= len)
		return len < PROXY_V1_MAX ? PROXY_MORE : PROXY_MALFORMED;
	if (at[n + 1] != '\n')
		return PROXY_MALFORMED;
	d->bytes = n + 2;
	for (size_t i = 0; i < n; i++) /* a NUL is no part of any word but those of UNKNOWN */
		line[i] = at[i] ? (char)at[i] : '?';
	return read_words(line, d) ? PROXY_DONE : PROXY_MALFORMED;
}

/* --- version 2: a block ----------------------------------------------------------------- */

/* Where the values of checksums are. */
struct sums {
	size_t count;
	const uint8_t *at[BYTES_MAX / 7];
};

static bool walk_tlvs(const uint8_t *at, const uint8_t *end, struct double_header *d,
		      struct sums *sums)
{
	while (at < end) {
		if (end - at < 3)
			return false;
		long n = at[1] * 256 + at[2];
		if (end - at - 3 < n)
			return false;
		if (at[0] == 0x20 && n < 5)
			return false;
		if (at[0] == 0x20)
			d->is_secure = at[3] & 1;
		if (at[0] == 0x03 && n != 4)
			return false;
		if (at[0] == 0x03)
			sums->at[sums->count++] = at + 3;
		at += 3 + n;
	}
	return true;
}

/* A copy of the block with this checksum set right is the block itself. */
static bool has_checksum(const uint8_t *block, size_t bytes, const uint8_t *sum)
{
	static uint8_t copy[BYTES_MAX];

	memcpy(copy, block, bytes);
	put_checksum(copy, bytes, copy + (sum - block));
	return memcmp(copy, block, bytes) == 0;
}

static bool read_addresses(const uint8_t *at, struct double_header *d)
{
	static const size_t lengths[] = { 0, 12, 36, 216 };
	size_t length = lengths[at[13] >> 4];
	static struct sums sums;

	if (d->bytes - 16 < length)
		return false;
	d->has_client = true;
	if (length == 12)
		show(at + 16, AF_INET, d->client);
	if (length == 36)
		show(at + 16, AF_INET6, d->client);
	sums.count = 0;
	if (!walk_tlvs(at + 16 + length, at + d->bytes, d, &sums))
		return false;
	for (size_t i = 0; i < sums.count; i++)
		if (!has_checksum(at, d->bytes, sums.at[i]))
			return false;
	return true;
}

static enum proxy_verdict read_block(const uint8_t *at, size_t len, struct double_header *d)
{
	if (len < 16)
		return PROXY_MORE;
	d->bytes = 16 + at[14] * 256u + at[15];
	if (d->bytes > PROXY_V2_MAX || (at[12] != 0x20 && at[12] != 0x21))
		return PROXY_MALFORMED;
	unsigned family = at[13] >> 4, transport = at[13] & 15;
	if (at[12] == 0x21 && (family > 3 || transport > 2 || !family != !transport))
		return PROXY_MALFORMED;
	if (len < d->bytes)
		return PROXY_MORE;
	if (at[12] == 0x20 || family == 0)
		return PROXY_DONE;
	return read_addresses(at, d) ? PROXY_DONE : PROXY_MALFORMED;
}

static bool begins(const uint8_t *at, size_t len, const char *with, size_t n)
{
	return memcmp(at, with, len < n ? len : n) == 0;
}

static void read_slowly(const uint8_t *at, size_t len, struct double_header *d)
{
	memset(d, 0, sizeof *d);
	d->verdict = PROXY_MALFORMED;
	if (len == 0)
		d->verdict = PROXY_MORE;
	else if (begins(at, len, "PROXY ", 6))
		d->verdict = len < 6 ? PROXY_MORE : read_line(at, len, d);
	else if (begins(at, len, "\r\n\r\n\0\r\nQUIT\n", 12))
		d->verdict = read_block(at, len, d);
}

/* --- both ----------------------------------------------------------------------------------- */

/* So that sums that are right are met too. */
static void mend_checksum(uint8_t *at, size_t len)
{
	static const size_t lengths[] = { 0, 12, 36, 216 };
	struct double_header d = { .bytes = 0 };
	static struct sums sums;

	if (len < 16 || !begins(at, len, "\r\n\r\n\0\r\nQUIT\n", 12) || at[13] >> 4 > 3)
		return;
	size_t bytes = 16 + at[14] * 256u + at[15], from = 16 + lengths[at[13] >> 4];
	sums.count = 0;
	if (bytes <= len && from <= bytes && walk_tlvs(at + from, at + bytes, &d, &sums) &&
	    sums.count)
		put_checksum(at, bytes, at + (sums.at[0] - at));
}

/* The bytes end where the memory does. */
static enum proxy_verdict read_exactly(const uint8_t *at, size_t len, struct proxy_header *h)
{
	char *copy = malloc(len);

	memcpy(copy, at, len);
	enum proxy_verdict verdict = proxy_header_read(slice_of(copy, len), h);
	free(copy);
	return verdict;
}

static void check_same(const struct proxy_header *h, const struct double_header *d)
{
	char client[INET6_ADDRSTRLEN] = "";

	FUZZ_CHECK(h->bytes == d->bytes, "%zu bytes, not %zu", h->bytes, d->bytes);
	FUZZ_CHECK(h->has_client == d->has_client && h->is_secure == d->is_secure, "client, TLS");
	if (h->has_client && h->client.family != AF_UNSPEC)
		inet_ntop(h->client.family, h->client.at, client, sizeof client);
	FUZZ_CHECK(strcmp(client, d->client) == 0, "'%s', not '%s'", client, d->client);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t len)
{
	static uint8_t bytes[BYTES_MAX];
	struct double_header d;
	struct proxy_header h;
	enum proxy_verdict verdict = PROXY_MORE;

	if (len < 1 || len - 1 > BYTES_MAX)
		return 0;
	memcpy(bytes, input + 1, --len);
	if (input[0] & 1)
		mend_checksum(bytes, len);
	read_slowly(bytes, len, &d);
	for (size_t n = 0; n <= len; n++) {
		enum proxy_verdict now = read_exactly(bytes, n, &h);

		FUZZ_CHECK(verdict == PROXY_MORE || now == verdict, "%d after %d", now, verdict);
		verdict = now;
		n += n > 64 ? n / 8 : 0;
	}
	verdict = read_exactly(bytes, len, &h);
	FUZZ_CHECK(verdict == d.verdict, "verdict %d, not %d", verdict, d.verdict);
	if (verdict == PROXY_DONE)
		check_same(&h, &d);
	return 0;
}
