/* Compression in tests. */
#include "packing.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

static const struct limits limits = {
	.line_bytes = 64,
	.head_bytes = 4096,
	.fields = 8,
	.field_bytes = 400,
	.arena_bytes = 16 << 20,
};

const struct gzip_rules packing_rules = {
	.types = { "text/*, application/json", 24 },
	.min_length = 100,
	.level = 5,
};

struct response_frame packing_frame = {
	.version = 11,
	.keep_alive = true,
	.date = "Sun, 06 Nov 1994 08:49:37 GMT",
};

struct gzip packing;

const char packing_asks[] = "GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n";

struct exchange *packing_begin(const char *request)
{
	struct exchange *x = malloc(EXCHANGE_BYTES);

	ck_assert_ptr_nonnull(x);
	exchange_init(x, NULL, &limits);
	x->request.base = request;
	ck_assert_int_eq(parser_feed(&x->parser, request, strlen(request)), PARSE_DONE);
	packing_frame.is_head = x->request.is_head;
	response_type(&x->response, LTD_SLICE("text/plain; charset=utf-8"));
	return x;
}

void packing_end(struct exchange *x)
{
	exchange_fini(x);
	free(x);
	gzip_fini(&packing);
}

bool packing_head_has(const struct exchange *x, const char *line)
{
	struct ltd_slice head = x->response.head;

	return memmem(head.at, head.len, line, strlen(line)) != NULL;
}

const char *packing_letters(size_t n)
{
	static char text[4 << 20];
	uint32_t seed = 1;

	ck_assert_uint_le(n, sizeof text);
	for (size_t i = 0; i < n; i++) {
		seed = seed * 1664525 + 1013904223;
		text[i] = "abcd"[seed >> 30];
	}
	return text;
}

const char *packing_noise(size_t n)
{
	static char bytes[4 << 20];
	uint64_t seed = 88172645463325252ull;

	for (size_t i = 0; i < n; i++) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		bytes[i] = (char)(seed >> 24);
	}
	return bytes;
}

void packing_check(struct ltd_slice packed, struct ltd_slice plain, bool to_the_end)
{
	static char out[8 << 20];
	z_stream z = { .next_in = (Bytef *)(uintptr_t)packed.at,
		       .avail_in = (uInt)packed.len,
		       .next_out = (Bytef *)out,
		       .avail_out = sizeof out };

	ck_assert_int_eq(inflateInit2(&z, 15 + 16), Z_OK);
	int result = inflate(&z, Z_SYNC_FLUSH);
	ck_assert_int_eq(result, to_the_end ? Z_STREAM_END : Z_OK);
	ck_assert_uint_eq(z.avail_in, 0);
	inflateEnd(&z);
	ck_assert(slice_eq(slice_of(out, sizeof out - z.avail_out), plain));
}

size_t packing_gather(const struct piece *p, char *to)
{
	size_t n = 0;

	for (; p; p = p->next) {
		memcpy(to + n, p->at, p->len);
		n += p->len;
	}
	return n;
}
