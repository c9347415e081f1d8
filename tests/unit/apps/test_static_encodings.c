/* What Accept-Encoding asks for. */
#include "apps/static_encodings.h"

#include <stdio.h>

#include "apps/static_text.h"
#include "unit.h"

/* "br gzip identity" */
static const char *order(struct ltd_slice value)
{
	static char text[64];
	struct static_preference p;
	size_t n = 0;

	static_preference_read(&p, value);
	for (size_t i = 0; p.order[i] != STATIC_IDENTITY; i++) {
		ck_assert_uint_lt(i, STATIC_ENCODING_COUNT);
		n += (size_t)snprintf(text + n, sizeof text - n, "%s ",
				      static_encodings[p.order[i]].coding);
	}
	snprintf(text + n, sizeof text - n, "identity");
	return text;
}

START_TEST(orders)
{
	static const struct {
		const char *value, *order;
	} cases[] = {
		{ "", "identity" },
		{ "gzip", "gzip identity" },
		{ "br", "br identity" },
		{ "gzip, br", "br gzip identity" },
		{ "gzip, deflate, br, zstd", "br gzip identity" },
		{ "GZip,\tBR", "br gzip identity" },
		{ "x-gzip", "gzip identity" },
		{ "*", "br gzip identity" },
		{ "gzip;q=1.0, br;q=0.5", "gzip br identity" },
		{ "gzip ; q=0.9 , br ; Q=0.95", "br gzip identity" },
		{ "br;q=0.001, gzip;q=0.002", "gzip br identity" },
		{ "br;q=0, gzip", "gzip identity" },
		{ "br;q=0.000, *", "gzip identity" },
		{ "*;q=0", "identity" },
		{ "gzip, *;q=0", "gzip identity" },
		{ "*;q=0.5, gzip", "gzip br identity" },
		{ "identity, gzip;q=0.5", "identity" },
		{ "identity;q=0.5, gzip;q=0.5", "gzip identity" },
		{ "identity;q=0.5, gzip, br;q=0.1", "gzip identity" },
		{ "identity;q=0, gzip;q=0.1", "gzip identity" },
		{ "gzip;q=1.5, br", "br identity" },
		{ "gzip;q=, br", "br identity" },
		{ "gzip;q=1.001", "identity" },
		{ "gzip;q=0.1234", "identity" },
		{ "gzip;q=-1", "identity" },
		{ "gzip;q=.5", "identity" },
		{ "gzip;q=1.", "gzip identity" },
		{ "gzip;level=9", "gzip identity" },
		{ "gzip;level=9;q=0", "identity" },
		{ "gzipped, brr", "identity" },
		{ ",,;,gzip,;q=0,", "gzip identity" },
		{ "gzip;q=0, gzip", "gzip identity" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *got = order(text_of(cases[i].value));

		ck_assert_msg(strcmp(got, cases[i].order) == 0, "'%s': %s", cases[i].value, got);
	}
	ck_assert_str_eq(order((struct ltd_slice){ NULL, 0 }), "identity");
}
END_TEST

UNIT_SUITE_OF(static_encodings, orders)
