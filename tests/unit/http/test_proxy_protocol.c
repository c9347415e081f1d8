/* PROXY headers: each whole, at every split, and at the edge of a page. */
#include "http/proxy_protocol.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/buf.h"
#include "unit.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V4 "\300\000\002\001\306\063\144\001\333\376\001\273" /* 192.0.2.1, 198.51.100.1, ports */
#define V6_ONE "\040\001\015\270\0\0\0\0\0\0\0\0\0\0\0\001"   /* 2001:db8::1 */
#define V6 V6_ONE V6_ONE "\333\376\001\273"
#define NULS_27 \
	"\0\0\0\0\0\0\0\0\0" \
	"\0\0\0\0\0\0\0\0\0" \
	"\0\0\0\0\0\0\0\0\0"
#define NULS_108 NULS_27 NULS_27 NULS_27 NULS_27
#define V1_END " 198.51.100.1 56324 443\r\n"

/* What a header says, and behind how many bytes it is over; an address "": by a unix socket. */
static const struct {
	struct ltd_slice bytes;
	enum proxy_verdict verdict;
	const char *client; /* NULL: the peer */
	bool is_secure;
	size_t rest; /* bytes behind it */
} table[] = {
#define DONE(bytes, client, is_secure) \
	{ { bytes, sizeof(bytes) - 1 }, PROXY_DONE, client, is_secure, 0 },
#define STOPS(bytes, rest, client) \
	{ { bytes rest, sizeof(bytes rest) - 1 }, PROXY_DONE, client, false, sizeof(rest) - 1 },
#define MORE(bytes) { { bytes, sizeof(bytes) - 1 }, PROXY_MORE, NULL, false, 0 },
#define BAD(bytes) { { bytes, sizeof(bytes) - 1 }, PROXY_MALFORMED, NULL, false, 0 },
#include "proxy_headers.def"
};

static const char *text_of(const struct ip *ip, char text[INET6_ADDRSTRLEN])
{
	if (ip->family == AF_UNSPEC)
		return "";
	return inet_ntop(ip->family, ip->at, text, INET6_ADDRSTRLEN);
}

static char *page; /* the one behind it may not be touched */

static enum proxy_verdict read_first(struct ltd_slice bytes, size_t len, struct proxy_header *h)
{
	char *at = page + 8192 - len;

	if (len)
		memcpy(at, bytes.at, len);
	return proxy_header_read(slice_of(at, len), h);
}

static void map_page(void)
{
	page = mmap(NULL, 12288, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(page, MAP_FAILED);
	ck_assert_int_eq(mprotect(page + 8192, 4096, PROT_NONE), 0);
}

START_TEST(each_header_has_one_verdict)
{
	map_page();
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct ltd_slice bytes = table[i].bytes;
		size_t whole = bytes.len - table[i].rest;
		struct proxy_header h;
		char text[INET6_ADDRSTRLEN];

		ck_assert_msg(read_first(bytes, bytes.len, &h) == table[i].verdict, "case %zu", i);
		if (table[i].verdict != PROXY_DONE)
			continue;
		ck_assert_msg(h.bytes == whole, "case %zu: %zu", i, h.bytes);
		ck_assert_msg(h.has_client == (table[i].client != NULL), "case %zu", i);
		if (h.has_client)
			ck_assert_str_eq(text_of(&h.client, text), table[i].client);
		ck_assert_int_eq(h.is_secure, table[i].is_secure);
	}
	munmap(page, 12288);
}
END_TEST

/* A sound header waits at every split; of a bad one no part is ever taken. */
START_TEST(a_part_of_a_header_is_never_one)
{
	map_page();
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		size_t whole = table[i].bytes.len - table[i].rest;

		for (size_t len = 0; len < whole; len++) {
			struct proxy_header h;
			enum proxy_verdict verdict = read_first(table[i].bytes, len, &h);

			ck_assert_msg(verdict == PROXY_MORE || (verdict == table[i].verdict &&
								verdict == PROXY_MALFORMED),
				      "case %zu, byte %zu", i, len);
		}
	}
	munmap(page, 12288);
}
END_TEST

/* Once refused, more bytes do not help. */
START_TEST(a_refusal_is_final)
{
	map_page();
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		bool is_refused = false;

		for (size_t len = 0; len <= table[i].bytes.len; len++) {
			struct proxy_header h;
			bool now = read_first(table[i].bytes, len, &h) == PROXY_MALFORMED;

			ck_assert_msg(now || !is_refused, "case %zu, byte %zu", i, len);
			is_refused = now;
		}
	}
	munmap(page, 12288);
}
END_TEST

START_TEST(version_1_is_over_after_107_bytes)
{
	struct proxy_header h;
	struct buf b;

	buf_init(&b, 256);
	buf_puts(&b, "PROXY UNKNOWN ");
	while (b.len < PROXY_V1_MAX - 2)
		buf_puts(&b, "x");
	ck_assert_int_eq(proxy_header_read(buf_slice(&b), &h), PROXY_MORE);
	buf_puts(&b, "\r");
	ck_assert_int_eq(proxy_header_read(buf_slice(&b), &h), PROXY_MORE);
	buf_puts(&b, "\n");
	ck_assert_int_eq(proxy_header_read(buf_slice(&b), &h), PROXY_DONE);
	ck_assert_uint_eq(h.bytes, PROXY_V1_MAX);

	b.len -= 2;
	buf_puts(&b, "x\r\n");
	ck_assert_int_eq(proxy_header_read(buf_slice(&b), &h), PROXY_MALFORMED);
	b.len = PROXY_V1_MAX - 1;
	ck_assert_int_eq(proxy_header_read(buf_slice(&b), &h), PROXY_MORE);
	buf_fini(&b);
}
END_TEST

/* Its length is told in advance, and may be too much. */
START_TEST(version_2_is_bounded)
{
	char bytes[PROXY_V2_MAX] = SIGNATURE "\x21\x11";
	struct proxy_header h;

	memcpy(bytes + 16, V4, 12);
	bytes[14] = (char)((PROXY_V2_MAX - 16) >> 8);
	bytes[15] = (char)(PROXY_V2_MAX - 16);
	/* one TLV of a type nobody knows fills it */
	bytes[28] = (char)0xee;
	bytes[29] = (char)((PROXY_V2_MAX - 31) >> 8);
	bytes[30] = (char)(PROXY_V2_MAX - 31);
	ck_assert_int_eq(proxy_header_read(slice_of(bytes, sizeof bytes), &h), PROXY_DONE);
	ck_assert_uint_eq(h.bytes, PROXY_V2_MAX);
	ck_assert_int_eq(proxy_header_read(slice_of(bytes, sizeof bytes - 1), &h), PROXY_MORE);
	bytes[15]++;
	ck_assert_int_eq(proxy_header_read(slice_of(bytes, 16), &h), PROXY_MALFORMED);
}
END_TEST

/* What HTTP's parser has stopped at: a header where none is expected. */
START_TEST(its_beginning_is_known)
{
	ck_assert(proxy_header_begins(LTD_SLICE("PROXY TCP4")));
	ck_assert(proxy_header_begins(LTD_SLICE("\r\n\r\n\0")));
	ck_assert(proxy_header_begins(LTD_SLICE(SIGNATURE "\x21")));
	ck_assert(!proxy_header_begins(LTD_SLICE("\r\n\r\n")));
	ck_assert(!proxy_header_begins(LTD_SLICE("\r\n\r\n\0\n")));
	ck_assert(!proxy_header_begins(LTD_SLICE("PROXY")));
	ck_assert(!proxy_header_begins(LTD_SLICE("PROXYS")));
	ck_assert(!proxy_header_begins(LTD_SLICE("POST / HTTP/1.1")));
	ck_assert(!proxy_header_begins(LTD_SLICE("")));
}
END_TEST

UNIT_SUITE_OF(proxy_protocol, each_header_has_one_verdict, a_part_of_a_header_is_never_one,
	      a_refusal_is_final, version_1_is_over_after_107_bytes, version_2_is_bounded,
	      its_beginning_is_known)
