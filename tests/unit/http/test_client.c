/* Addresses as text. */
#include "http/client.h"

#include <arpa/inet.h>

#include "unit.h"

static struct client client;

static const char *text_of(const char *address, int family)
{
	struct sockaddr_storage from = { .ss_family = (sa_family_t)family };

	if (family == AF_INET)
		inet_pton(family, address, &((struct sockaddr_in *)&from)->sin_addr);
	else if (family == AF_INET6)
		inet_pton(family, address, &((struct sockaddr_in6 *)&from)->sin6_addr);
	client_init(&client, &from);
	return client_text(&client).at;
}

START_TEST(addresses_read_as_they_were_written)
{
	ck_assert_str_eq(text_of("192.0.2.7", AF_INET), "192.0.2.7");
	ck_assert_str_eq(text_of("255.255.255.255", AF_INET), "255.255.255.255");
	ck_assert_str_eq(text_of("2001:db8::1", AF_INET6), "2001:db8::1");
	ck_assert_str_eq(client_text(&client).at, "2001:db8::1"); /* and again */
}
END_TEST

START_TEST(a_unix_socket_has_none)
{
	ck_assert_str_eq(text_of("", AF_UNIX), "");
	ck_assert_str_eq(text_of("", AF_UNSPEC), "");
}
END_TEST

UNIT_SUITE_OF(client, addresses_read_as_they_were_written, a_unix_socket_has_none)
