/*
 * Percent-decoding, query parameters and authorities, beside slow doubles.
 *
 * The input is a name, a line feed, and a piece of a URI.
 */
#include "fuzz.h"

#include <string.h>

#include "http/uri.h"
#include "reader_bytes.h"

#define PIECE_BYTES_MAX 4096

/* What `piece` should decode to, or -1 if it cannot be decoded. */
static int decode_slowly(struct ltd_slice piece, bool plus_is_space, char out[PIECE_BYTES_MAX])
{
	int n = 0;

	for (size_t i = 0; i < piece.len; i++) {
		char c = piece.at[i], digits[3] = "";

		if (c == '%') {
			if (piece.len - i < 3 || !reader_is_in(piece.at[i + 1], HEX) ||
			    !reader_is_in(piece.at[i + 2], HEX))
				return -1;
			memcpy(digits, piece.at + i + 1, 2);
			c = (char)strtoul(digits, NULL, 16);
			i += 2;
		} else if (c == '+' && plus_is_space) {
			c = ' ';
		}
		out[n++] = c;
	}
	return n;
}

static void check_decode(struct arena *a, struct ltd_slice piece, bool plus_is_space)
{
	static char expected[PIECE_BYTES_MAX];
	int n = decode_slowly(piece, plus_is_space, expected);
	struct ltd_slice out;
	bool is_sound = uri_decode(a, piece, plus_is_space, &out);

	FUZZ_CHECK(is_sound == (n >= 0), "decoded %d, expected %d", is_sound, n);
	if (is_sound)
		FUZZ_CHECK(slice_eq(out, slice_of(expected, (size_t)n)), "'%.*s'", (int)out.len,
			   out.at);
	else
		FUZZ_CHECK(out.at == piece.at && out.len == piece.len, "not given as it was");
}

/* The parameter's value as sent; false if there is none of that name. */
static bool find_slowly(struct ltd_slice query, struct ltd_slice name, struct ltd_slice *value)
{
	static char key[PIECE_BYTES_MAX];
	size_t at = 0;

	while (at <= query.len) {
		size_t end = at, equals;

		while (end < query.len && query.at[end] != '&')
			end++;
		for (equals = at; equals < end && query.at[equals] != '=';)
			equals++;
		int n = decode_slowly(slice_of(query.at + at, equals - at), true, key);
		if (n >= 0 && slice_eq(slice_of(key, (size_t)n), name)) {
			size_t from = equals < end ? equals + 1 : end;

			*value = slice_of(query.at + from, end - from);
			return true;
		}
		at = end + 1;
	}
	return false;
}

static void check_find(struct arena *a, struct ltd_slice query, struct ltd_slice name)
{
	static char expected[PIECE_BYTES_MAX];
	struct ltd_slice sent, value;
	bool is_there = find_slowly(query, name, &sent);

	FUZZ_CHECK(uri_query_find(a, query, name, &value) == is_there, "found, or not");
	if (!is_there)
		return;
	int n = decode_slowly(sent, true, expected);
	if (n >= 0)
		sent = slice_of(expected, (size_t)n);
	FUZZ_CHECK(value.at && slice_eq(value, sent), "the value is '%.*s', not '%.*s'",
		   (int)value.len, value.at, (int)sent.len, sent.at);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t len)
{
	struct ltd_slice piece = slice_of((const char *)input, len), name;
	struct arena a;
	char first[64];

	if (len > PIECE_BYTES_MAX)
		return 0;
	slice_cut(&piece, '\n', &name);
	if (!piece.at)
		piece = slice_of("", 0);
	arena_init(&a, first, sizeof first, 65536);
	check_decode(&a, piece, false);
	check_decode(&a, piece, true);
	check_find(&a, piece, name);
	FUZZ_CHECK(uri_authority_is_valid(piece) == reader_is_authority(piece, false), "authority");
	FUZZ_CHECK(uri_authority_has_port(piece) == reader_is_authority(piece, true), "port");
	arena_reset(&a);
	return 0;
}
