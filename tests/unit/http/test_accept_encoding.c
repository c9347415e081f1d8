/* What a client says it accepts (RFC 9110 12.4.2, 12.5.3). */
#include "http/accept_encoding.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/exchange.h"
#include "unit.h"

static const struct limits limits = {
	.line_bytes = 64,
	.head_bytes = 4096,
	.fields = 8,
	.field_bytes = 400,
	.arena_bytes = 65536,
};

/* `fields` are whole lines. */
static bool is_wanted(const char *fields)
{
	struct exchange *x = malloc(EXCHANGE_BYTES);
	char text[1024];

	ck_assert_ptr_nonnull(x);
	snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: x\r\n%s\r\n", fields);
	exchange_init(x, NULL, &limits);
	x->request.base = text;
	ck_assert_int_eq(parser_feed(&x->parser, text, strlen(text)), PARSE_DONE);
	bool answer = accepts_gzip(&x->request);
	exchange_fini(x);
	free(x);
	return answer;
}

static bool is_accepted(const char *value)
{
	char field[512];

	snprintf(field, sizeof field, "Accept-Encoding: %s\r\n", value);
	return is_wanted(field);
}

START_TEST(one_field)
{
	static const struct {
		const char *value;
		bool is_gzip;
	} cases[] = {
		{ "gzip", true },
		{ "GZIP", true },
		{ "x-gzip", true },
		{ "gzip, deflate, br", true },
		{ "br;q=1.0, gzip;q=0.8, *;q=0.1", true },
		{ "deflate,gzip", true },
		{ " , gzip , ", true },
		{ "gzip ; q=0.5", true },
		{ "gzip;Q=1", true },
		{ "gzip;q=1.000", true },
		{ "gzip;q=0.001", true },
		{ "gzip;q=1.", true },
		{ "*", true },
		{ "*;q=0.5", true },
		{ "identity;q=0, *", true },
		{ "gzip, identity", true },
		{ "gzip;q=0.5, identity;q=0.5", true },
		{ "gzip;q=0.5, identity;q=0", true },

		{ "", false },
		{ "identity", false },
		{ "deflate, br", false },
		{ "gzip;q=0", false },
		{ "gzip;q=0.0", false },
		{ "gzip;q=0.000, *", false },
		{ "*;q=0", false },
		{ "gzip;q=0.4, identity;q=0.5", false },
		{ "gzip;q=0.4, identity", false },
		{ "gzip;q=0.4, *;q=0.5", false },
		{ "gzip, gzip;q=0", false },
		{ "gzip;q=0, gzip", false },
		{ "gzipped", false },
		{ "not-gzip", false },
		/* A weight that is none is no wish. */
		{ "gzip;q=1.001", false },
		{ "gzip;q=2", false },
		{ "gzip;q=0.0001", false },
		{ "gzip;q=", false },
		{ "gzip;q=a", false },
		{ "gzip;q=-1", false },
		{ "gzip;q=01", false },
		{ "gzip;", false },
		{ "gzip;level=9", false },
		{ "gzip;q=1;x=2", false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_msg(is_accepted(cases[i].value) == cases[i].is_gzip, "%s", cases[i].value);
}
END_TEST

START_TEST(none_and_several_fields)
{
	ck_assert(!is_wanted(""));
	ck_assert(!is_wanted("Accept: gzip\r\n"));
	ck_assert(is_wanted("Accept-Encoding: br\r\naccept-encoding: gzip\r\n"));
	ck_assert(!is_wanted("Accept-Encoding: gzip\r\nAccept-Encoding: gzip;q=0\r\n"));
	ck_assert(!is_wanted("Accept-Encoding: gzip;q=0.5\r\nAccept-Encoding: identity\r\n"));
}
END_TEST

UNIT_SUITE_OF(accept_encoding, one_field, none_and_several_fields)
