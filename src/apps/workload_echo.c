/*
 * /echo: the request as the server understood it, as JSON (RFC 8259).  Runs in: leader, with small
 * bodies; slot.
 */
#include "workload.h"

#include <stdint.h>
#include <string.h>

/* A longer body takes longer to write than others should wait for. */
#define ON_LOOP_BYTES_MAX 65536

/* Of a longer one the answer goes out as it is written: what it says need not fit into memory. */
#define WHOLE_BYTES_MAX (4u << 20)

static void put(struct ltd_exchange *x, const char *text)
{
	ltd_response_write(x, text, strlen(text));
}

/*
 * The bytes of the UTF-8 character at the front, 0 if they are none (RFC 3629 4): the range of
 * the second byte shuts out surrogates, long forms and what lies beyond U+10FFFF.
 */
static size_t utf8_length(const uint8_t *at, size_t left)
{
	static const struct {
		uint8_t first_low, first_high, second_low, second_high, length;
	} forms[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	if (at[0] < 0x80)
		return 1;
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		if (at[0] < forms[i].first_low || at[0] > forms[i].first_high)
			continue;
		if (left < forms[i].length || at[1] < forms[i].second_low ||
		    at[1] > forms[i].second_high)
			return 0;
		for (size_t k = 2; k < forms[i].length; k++)
			if ((at[k] & 0xc0) != 0x80)
				return 0;
		return forms[i].length;
	}
	return 0;
}

static bool is_utf8(struct ltd_slice s)
{
	const uint8_t *at = (const uint8_t *)s.at;
	size_t length;

	for (size_t i = 0; i < s.len; i += length) {
		length = utf8_length(at + i, s.len - i);
		if (length == 0)
			return false;
	}
	return true;
}

static void put_escaped(struct ltd_exchange *x, uint8_t c)
{
	if (c == '"' || c == '\\')
		ltd_response_printf(x, "\\%c", c);
	else
		ltd_response_printf(x, "\\u%04x", c);
}

/* Bytes from `raw_end` on are written as ISO 8859-1 characters: always valid JSON. */
static void put_string_below(struct ltd_exchange *x, struct ltd_slice s, unsigned raw_end)
{
	size_t clean = 0;

	put(x, "\"");
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = (uint8_t)s.at[i];

		if (c >= ' ' && c != '"' && c != '\\' && c < raw_end)
			continue;
		ltd_response_write(x, s.at + clean, i - clean);
		put_escaped(x, c);
		clean = i + 1;
	}
	if (clean < s.len)
		ltd_response_write(x, s.at + clean, s.len - clean);
	put(x, "\"");
}

/* Text as it is; what is no UTF-8 (field values may be anything, RFC 9110 5.5), byte by byte. */
static void put_string(struct ltd_exchange *x, struct ltd_slice s)
{
	put_string_below(x, s, is_utf8(s) ? 0x100 : 0x80);
}

/* RFC 4648 4. */
static void put_base64(struct ltd_exchange *x, struct ltd_slice s)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *at = (const uint8_t *)s.at;
	char out[1024];
	size_t n = 0;

	for (size_t i = 0; i < s.len; i += 3) {
		size_t left = s.len - i;
		uint32_t three = (uint32_t)at[i] << 16 | (left > 1 ? at[i + 1] << 8 : 0) |
				 (left > 2 ? at[i + 2] : 0);

		out[n++] = digits[three >> 18];
		out[n++] = digits[three >> 12 & 63];
		out[n++] = left > 1 ? digits[three >> 6 & 63] : '=';
		out[n++] = left > 2 ? digits[three & 63] : '=';
		if (n < sizeof out)
			continue;
		ltd_response_write(x, out, n);
		n = 0;
	}
	ltd_response_write(x, out, n);
}

static void put_fields(struct ltd_exchange *x)
{
	size_t count = ltd_request_field_count(x);

	put(x, "[");
	for (size_t i = 0; i < count; i++) {
		struct ltd_field f = ltd_request_field(x, i);

		put(x, i ? ", [" : "[");
		put_string(x, f.name);
		put(x, ", ");
		put_string(x, f.value);
		put(x, "]");
	}
	put(x, "]");
}

static void put_body(struct ltd_exchange *x, struct ltd_slice body)
{
	if (is_utf8(body)) {
		put(x, "\"body\": ");
		put_string_below(x, body, 0x100);
		return;
	}
	put(x, "\"body_base64\": \"");
	put_base64(x, body);
	put(x, "\"");
}

static void put_request(struct ltd_exchange *x, struct ltd_slice body)
{
	unsigned version = ltd_request_version(x);

	ltd_response_type(x, "application/json");
	put(x, "{\"method\": ");
	put_string(x, ltd_request_method(x));
	put(x, ", \"target\": ");
	put_string(x, ltd_request_target(x));
	ltd_response_printf(x, ", \"version\": \"%u.%u\", \"client\": ", version / 10, version % 10);
	put_string(x, ltd_request_client(x));
	put(x, ", \"scheme\": ");
	put_string(x, ltd_request_scheme(x));
	put(x, ", \"headers\": ");
	put_fields(x);
	ltd_response_printf(x, ", \"body_length\": %zu, ", body.len);
	put_body(x, body);
	put(x, "}\n");
}

int workload_echo_small(struct ltd_exchange *x, void *state)
{
	(void)state;
	if (ltd_request_body_length(x) > ON_LOOP_BYTES_MAX)
		return LTD_LATER;
	put_request(x, ltd_request_body(x));
	return 0;
}

int workload_echo(struct ltd_exchange *x, void *state)
{
	uint64_t length = ltd_request_body_length(x);
	struct ltd_slice body = ltd_request_body(x);

	(void)state;
	if (body.len < length)
		return -1; /* it could not be mapped */
	if (length > WHOLE_BYTES_MAX && ltd_response_stream(x) < 0)
		return -1;
	put_request(x, body);
	return 0;
}
