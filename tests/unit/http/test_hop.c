/* Hops of a chain of proxies, and the client found among them. */
#include "http/hop.h"

#include <arpa/inet.h>

#include "unit.h"

START_TEST(a_hop_is_an_address_a_name_or_unknown)
{
	static const struct {
		const char *text;
		enum hop_kind kind;
		const char *is; /* the address or name */
	} table[] = {
		{ "192.0.2.1", HOP_ADDRESS, "192.0.2.1" },
		{ "192.0.2.1:80", HOP_ADDRESS, "192.0.2.1" },
		{ "192.0.2.1:_p", HOP_ADDRESS, "192.0.2.1" },
		{ "2001:db8::1", HOP_ADDRESS, "2001:db8::1" },
		{ "[2001:db8::1]", HOP_ADDRESS, "2001:db8::1" },
		{ "[2001:db8::1]:65535", HOP_ADDRESS, "2001:db8::1" },
		{ "[::ffff:192.0.2.1]:1", HOP_ADDRESS, "192.0.2.1" },
		{ "_hidden", HOP_NAMED, "_hidden" },
		{ "_a.b-c_D9:123", HOP_NAMED, "_a.b-c_D9" },
		{ "unknown", HOP_UNKNOWN, NULL },
		{ "unknown:80", HOP_UNKNOWN, NULL },
		{ "", HOP_UNKNOWN, NULL },
		{ "_", HOP_UNKNOWN, NULL },
		{ "_a b", HOP_UNKNOWN, NULL },
		{ "[_a]", HOP_UNKNOWN, NULL },
		{ "[192.0.2.1]", HOP_UNKNOWN, NULL },
		{ "192.0.2.1:", HOP_UNKNOWN, NULL },
		{ "192.0.2.1:123456", HOP_UNKNOWN, NULL },
		{ "192.0.2.1:x", HOP_UNKNOWN, NULL },
		{ "[2001:db8::1]80", HOP_UNKNOWN, NULL },
		{ "[2001:db8::1", HOP_UNKNOWN, NULL },
		{ "[]", HOP_UNKNOWN, NULL },
		{ ":80", HOP_UNKNOWN, NULL },
		{ "example.com", HOP_UNKNOWN, NULL },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct hop hop = hop_parse(slice_of_string(table[i].text));
		char text[INET6_ADDRSTRLEN];

		ck_assert_msg(hop.kind == table[i].kind, "%s: %d", table[i].text, hop.kind);
		if (hop.kind == HOP_ADDRESS)
			ck_assert_str_eq(inet_ntop(hop.ip.family, hop.ip.at, text, sizeof text),
					 table[i].is);
		if (hop.kind == HOP_NAMED)
			ck_assert(slice_eq(hop.name, slice_of_string(table[i].is)));
	}
}
END_TEST

/* Hops as words; those beginning "10." are trusted. */
START_TEST(the_client_is_the_first_from_the_right_that_is_not_trusted)
{
	static const struct {
		const char *hops;
		unsigned chosen;
	} table[] = {
		{ "192.0.2.1", 1 },
		{ "10.0.0.1", 1 },
		{ "192.0.2.1,10.0.0.1", 1 },
		{ "192.0.2.1,10.0.0.2,10.0.0.1", 1 },
		{ "6.6.6.6,192.0.2.1,10.0.0.1", 2 },
		{ "10.6.6.6,192.0.2.1,10.0.0.1", 2 },
		{ "10.0.0.3,10.0.0.2,10.0.0.1", 1 },
		{ "192.0.2.1,unknown,10.0.0.1", 2 },
		{ "10.0.0.2,junk", 2 },
		{ "6.6.6.6,_hidden,10.0.0.1", 2 },
	};
	struct networks trusted = { .count = 1 };

	ck_assert(network_parse(LTD_SLICE("10.0.0.0/8"), &trusted.at[0]));
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct ltd_slice rest = slice_of_string(table[i].hops), word;
		struct chain c = { .hops = 0 };

		while (slice_cut(&rest, ',', &word)) {
			struct hop hop = hop_parse(word);

			ck_assert_int_eq(chain_add(&c, &hop, &trusted), c.chosen == c.hops);
		}
		ck_assert_msg(c.chosen == table[i].chosen, "%s: %u", table[i].hops, c.chosen);
	}
}
END_TEST

START_TEST(chains_agree_on_one_client)
{
	static const char *const words[] = { "192.0.2.1", "192.0.2.2", "::1", "_a", "_b", "unknown" };
	static const struct networks nobody = { .count = 0 };
	struct chain chains[6] = { 0 };

	for (size_t i = 0; i < 6; i++) {
		struct hop hop = hop_parse(slice_of_string(words[i]));

		chain_add(&chains[i], &hop, &nobody);
	}
	for (size_t i = 0; i < 6; i++)
		for (size_t k = 0; k < 6; k++)
			ck_assert_int_eq(chain_agrees(&chains[i], &chains[k]), i == k);
}
END_TEST

UNIT_SUITE_OF(hop, a_hop_is_an_address_a_name_or_unknown,
	      the_client_is_the_first_from_the_right_that_is_not_trusted, chains_agree_on_one_client)
