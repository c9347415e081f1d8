/* What is made of proxies' words, in whole requests, in any split. */
#include "http/forwarded.h"

#include "feeding.h"
#include "unit.h"

static const struct {
	const char *fields; /* "|" ends a line */
	const char *client, *scheme;
	unsigned refusal;
} table[] = {
	{ "", "peer", "http", 0 },
	{ "X-Other: 1", "peer", "http", 0 },
	/* X-Forwarded-For; 10/8 and ::1 are trusted */
	{ "X-Forwarded-For: 192.0.2.1", "192.0.2.1", "http", 0 },
	{ "x-forwarded-for:6.6.6.6,192.0.2.1, 10.0.0.1", "192.0.2.1", "http", 0 },
	{ "X-Forwarded-For: 6.6.6.6|X-Forwarded-For: 192.0.2.1|X-Forwarded-For: 10.0.0.1",
	  "192.0.2.1", "http", 0 },
	{ "X-Forwarded-For: 10.0.0.2, ::1", "10.0.0.2", "http", 0 },
	{ "X-Forwarded-For: [2001:db8::1]:80", "2001:db8::1", "http", 0 },
	{ "X-Forwarded-For: 192.0.2.1, unknown, 10.0.0.1", "", "http", 0 },
	{ "X-Forwarded-For:", "peer", "http", 0 },
	{ "X-Forwarded-For: ,,", "peer", "http", 0 },
	/* the scheme */
	{ "X-Forwarded-Proto: https", "peer", "https", 0 },
	{ "X-Forwarded-Proto: HTTPS", "peer", "https", 0 },
	{ "X-Forwarded-Proto: http", "peer", "http", 0 },
	{ "X-Forwarded-Proto: gopher", "peer", "http", 0 },
	{ "X-Forwarded-Proto:", "peer", "http", 0 },
	{ "X-Forwarded-Proto: wss", "peer", "https", 0 },
	{ "X-Forwarded-Ssl: on", "peer", "https", 0 },
	{ "X-Forwarded-Protocol: ssl", "peer", "https", 0 },
	{ "X-Forwarded-Proto: https|X-Forwarded-Ssl: on", "peer", "https", 0 },
	{ "X-Forwarded-Proto: http|X-Forwarded-Ssl: on", "peer", "http", 400 },
	{ "X-Forwarded-Proto: https|X-Forwarded-Ssl: off", "peer", "http", 400 },
	{ "X-Forwarded-Proto: https|X-Forwarded-Protocol: http", "peer", "http", 400 },
	{ "X-Forwarded-Proto: http|X-Forwarded-Proto: https", "peer", "http", 400 },
	{ "X-Forwarded-Proto: http|X-Forwarded-Proto: http", "peer", "http", 0 },
	/* of a list: the client's member if there is one for each hop, else the last */
	{ "X-Forwarded-Proto: https, http|X-Forwarded-For: 192.0.2.1, 10.0.0.1", "192.0.2.1",
	  "https", 0 },
	{ "X-Forwarded-Proto: https, http|X-Forwarded-For: 6.6.6.6, 192.0.2.1", "192.0.2.1", "http",
	  0 },
	{ "X-Forwarded-Proto: http, https|X-Forwarded-For: 192.0.2.1", "192.0.2.1", "https", 0 },
	{ "X-Forwarded-Proto: https, http", "peer", "http", 0 },
	/* Forwarded */
	{ "Forwarded: for=192.0.2.1;proto=https", "192.0.2.1", "https", 0 },
	{ "Forwarded: for=6.6.6.6;proto=https|Forwarded: for=192.0.2.1;proto=http", "192.0.2.1",
	  "http", 0 },
	{ "Forwarded: for=192.0.2.1;proto=https, for=10.0.0.1;proto=http", "192.0.2.1", "https", 0 },
	{ "Forwarded: for=\"[::1]:80\";proto=https, for=\"[::1]\"", "::1", "https", 0 },
	{ "Forwarded: for=_hidden", "_hidden", "http", 0 },
	{ "Forwarded: for=unknown, for=10.0.0.1", "", "http", 0 },
	{ "Forwarded: for=_longerthanwhatanaddresscouldeverbe_so_long",
	  "_longerthanwhatanaddresscouldeverbe_so_long", "http", 0 },
	{ "Forwarded: for=_longer_than_any_address_however_it_is_written", "", "http", 0 },
	{ "Forwarded: proto=https", "peer", "https", 0 },
	{ "Forwarded: for=6.6.6.6, proto=https", "peer", "https", 0 },
	{ "Forwarded: for=\"6.6.6.6, for=192.0.2.1", "peer", "http", 400 },
	{ "Forwarded: for", "peer", "http", 400 },
	/* both */
	{ "Forwarded: for=192.0.2.1|X-Forwarded-For: 192.0.2.1", "192.0.2.1", "http", 0 },
	{ "Forwarded: for=6.6.6.6|X-Forwarded-For: 192.0.2.1", "peer", "http", 400 },
	{ "Forwarded: proto=https|X-Forwarded-For: 192.0.2.1", "192.0.2.1", "https", 0 },
	{ "Forwarded: for=192.0.2.1;proto=https|X-Forwarded-Proto: http", "192.0.2.1", "http", 400 },
	{ "Forwarded: for=192.0.2.1;proto=https|X-Forwarded-Proto: https", "192.0.2.1", "https", 0 },
};

static struct feeding fed;
static struct client peer;

static struct limits proxy_limits(void)
{
	struct limits l = feeding_limits;

	l.field_bytes = 128;
	l.proxies.count = 2;
	network_parse(LTD_SLICE("10.0.0.0/8"), &l.proxies.at[0]);
	network_parse(LTD_SLICE("::1"), &l.proxies.at[1]);
	return l;
}

/* The case's request, byte by byte. */
static void feed(const char *fields, const struct limits *l, bool peer_is_proxy)
{
	struct ltd_slice rest = slice_of_string(fields), line;
	struct buf text;

	buf_init(&text, 4096);
	buf_puts(&text, "GET / HTTP/1.1\r\nHost: x\r\n");
	while (fields[0] && slice_cut(&rest, '|', &line)) {
		buf_append(&text, line.at, line.len);
		buf_puts(&text, "\r\n");
	}
	buf_puts(&text, "\r\n");
	feeding_init(&fed, l);
	fed.request.client = &peer;
	fed.request.peer_is_proxy = peer_is_proxy;
	client_of_name(&peer, LTD_SLICE("peer"));
	for (size_t n = 1; n <= text.len; n++)
		feeding_feed(&fed, slice_of(text.at, n));
	buf_fini(&text);
}

static void check(const char *fields, const char *client, const char *scheme, unsigned refusal)
{
	ck_assert_msg(fed.request.refusal == refusal, "%s: %u %s", fields, fed.request.refusal,
		      fed.request.why ? fed.request.why : "");
	if (refusal == 0) {
		struct ltd_slice said = client_text(fed.request.client);

		ck_assert_msg(slice_eq(said, slice_of_string(client)), "%s: client %s", fields,
			      said.at);
		ck_assert_msg(slice_eq(fed.request.scheme, slice_of_string(scheme)), "%s: %s",
			      fields, fed.request.scheme.at);
	}
	feeding_fini(&fed);
}

START_TEST(a_proxy_says_who_and_how)
{
	const struct limits l = proxy_limits();

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		feed(table[i].fields, &l, true);
		check(table[i].fields, table[i].client, table[i].scheme, table[i].refusal);
	}
}
END_TEST

START_TEST(nobody_else_does)
{
	const struct limits l = proxy_limits();

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		feed(table[i].fields, &l, false);
		check(table[i].fields, "peer", "http", 0);
	}
}
END_TEST

START_TEST(one_family_may_be_all_that_counts)
{
	static const char both[] = "Forwarded: for=6.6.6.6;proto=https|X-Forwarded-For: 192.0.2.1|"
				   "X-Forwarded-Proto: http";
	struct limits l = proxy_limits();

	l.forwarded_by = FORWARDED_BY_X;
	feed(both, &l, true);
	check(both, "192.0.2.1", "http", 0);
	feed("Forwarded: for=\"", &l, true);
	check("X alone", "peer", "http", 0);
	l.forwarded_by = FORWARDED_BY_STANDARD;
	feed(both, &l, true);
	check(both, "6.6.6.6", "https", 0);
}
END_TEST

START_TEST(no_memory_for_the_client_is_a_503)
{
	struct limits l = proxy_limits();

	l.arena_bytes = 0;
	feed("X-Forwarded-For: 192.0.2.1", &l, true);
	ck_assert_uint_eq(fed.request.refusal, 503);
	feeding_fini(&fed);
}
END_TEST

UNIT_SUITE_OF(forwarded, a_proxy_says_who_and_how, nobody_else_does,
	      one_family_may_be_all_that_counts, no_memory_for_the_client_is_a_503)
