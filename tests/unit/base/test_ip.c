/* Addresses and networks. */
#include "base/ip.h"

#include <arpa/inet.h>

#include "unit.h"

START_TEST(addresses_are_whole_or_none)
{
	static const char *const sound[] = { "192.0.2.1", "0.0.0.0", "::", "2001:db8::1",
					     "::ffff:192.0.2.1" };
	static const char *const unsound[] = {
		"",
		"1",
		"1.2.3",
		"01.2.3.4",
		"1.2.3.4 ",
		"1.2.3.256",
		"::1%lo",
		"[::1]",
		":",
		":::",
		"1.2.3.4:80",
		"localhost",
		"2001:0db8:0000:0000:0000:0000:0000:0000:0000:0001"
	};
	struct ip ip;

	for (size_t i = 0; i < sizeof sound / sizeof *sound; i++)
		ck_assert_msg(ip_parse(slice_of_string(sound[i]), &ip), "%s", sound[i]);
	for (size_t i = 0; i < sizeof unsound / sizeof *unsound; i++)
		ck_assert_msg(!ip_parse(slice_of_string(unsound[i]), &ip), "%s", unsound[i]);
	ck_assert(!ip_parse(slice_of("1.2.3.4\0", 8), &ip));
}
END_TEST

START_TEST(a_mapped_address_is_the_ipv4_one)
{
	struct sockaddr_storage from = { .ss_family = AF_INET6 };
	struct ip v4, mapped, peer;

	ck_assert(ip_parse(LTD_SLICE("192.0.2.1"), &v4));
	ck_assert(ip_parse(LTD_SLICE("::ffff:192.0.2.1"), &mapped));
	inet_pton(AF_INET6, "::ffff:192.0.2.1", &((struct sockaddr_in6 *)&from)->sin6_addr);
	ip_of_sockaddr(&peer, &from);
	ck_assert(ip_eq(&v4, &mapped));
	ck_assert(ip_eq(&v4, &peer));
	ck_assert_int_eq(v4.family, AF_INET);
}
END_TEST

static bool holds(const char *network, const char *address)
{
	struct networks n = { .count = 1 };
	struct ip ip = { .family = AF_UNIX };

	ck_assert_msg(network_parse(slice_of_string(network), &n.at[0]), "%s", network);
	if (strcmp(address, "unix") != 0)
		ck_assert(ip_parse(slice_of_string(address), &ip));
	return networks_hold(&n, &ip);
}

START_TEST(a_network_holds_what_shares_its_prefix)
{
	static const struct {
		const char *network, *inside, *outside;
	} table[] = {
		{ "192.0.2.1", "192.0.2.1", "192.0.2.0" },
		{ "192.0.2.1/32", "192.0.2.1", "192.0.2.3" },
		{ "192.0.2.1/31", "192.0.2.0", "192.0.2.2" },
		{ "10.0.0.0/8", "10.255.0.1", "11.0.0.0" },
		{ "10.1.2.3/8", "10.0.0.0", "::1" },
		{ "172.16.0.0/12", "172.31.255.255", "172.32.0.0" },
		{ "0.0.0.0/0", "255.0.0.1", "::1" },
		{ "::/0", "fe80::1", "127.0.0.1" },
		{ "2001:db8::/33", "2001:db8:7fff::", "2001:db8:8000::" },
		{ "::1", "::1", "::" },
		{ "::ffff:10.0.0.0/104", "10.9.9.9", "11.0.0.0" },
		{ "unix", "unix", "127.0.0.1" },
		{ "10.0.0.0/0", "10.0.0.1", "unix" },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		ck_assert_msg(holds(table[i].network, table[i].inside), "case %zu", i);
		ck_assert_msg(!holds(table[i].network, table[i].outside), "case %zu", i);
	}
	ck_assert(holds("*", "unix") && holds("*", "192.0.2.1") && holds("*", "::1"));
}
END_TEST

START_TEST(networks_print_as_they_read)
{
	static const char *const texts[] = { "*", "unix", "192.0.2.1", "10.0.0.0/8", "::1", "::/0" };
	char text[NETWORK_TEXT_BYTES];
	struct network n;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		ck_assert(network_parse(slice_of_string(texts[i]), &n));
		ck_assert_str_eq(network_print(&n, text), texts[i]);
	}
}
END_TEST

START_TEST(what_is_no_network_is_refused)
{
	static const char *const texts[] = { "",
					     "**",
					     "UNIX",
					     "/8",
					     "1.2.3.4/",
					     "1.2.3.4/33",
					     "::1/129",
					     "1.2.3.4/8/8",
					     "1.2.3/24",
					     "1.2.3.4/+8",
					     "::ffff:1.2.3.4/95" };
	struct network n;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		ck_assert_msg(!network_parse(slice_of_string(texts[i]), &n), "%s", texts[i]);
}
END_TEST

UNIT_SUITE_OF(ip, addresses_are_whole_or_none, a_mapped_address_is_the_ipv4_one,
	      a_network_holds_what_shares_its_prefix, networks_print_as_they_read,
	      what_is_no_network_is_refused)
