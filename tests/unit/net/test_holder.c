/* Who listens on an address. */
#include "net/holder.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "unit.h"

static char text[128];

static void assert_it_is_us(const struct address *a)
{
	char us[32];

	snprintf(us, sizeof us, "process %d (", (int)getpid());
	ck_assert(holder_describe(a, text, sizeof text));
	ck_assert_ptr_nonnull(strstr(text, us));
	ck_assert_ptr_nonnull(strstr(text, ") listens on "));
}

static void find_inet(int family)
{
	struct sockaddr_storage got = { .ss_family = (sa_family_t)family };
	socklen_t len = sizeof got;
	struct address a = { 0 };
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&got, len) < 0)
		return; /* no IPv6 here */
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&got, &len), 0);
	a.port = ntohs(family == AF_INET ? ((struct sockaddr_in *)&got)->sin_port
					 : ((struct sockaddr_in6 *)&got)->sin6_port);
	ck_assert(!holder_describe(&a, text, sizeof text)); /* bound is not listening */
	ck_assert_int_eq(listen(fd, 1), 0);
	assert_it_is_us(&a);
	close(fd);
	ck_assert(!holder_describe(&a, text, sizeof text));
}

START_TEST(who_listens_on_a_port_is_found)
{
	find_inet(AF_INET);
	find_inet(AF_INET6);
}
END_TEST

static void assert_held(const char *host, uint16_t port, bool is_held)
{
	struct address a = { .port = port };

	snprintf(a.host, sizeof a.host, "%s", host);
	ck_assert_msg(holder_describe(&a, text, sizeof text) == is_held, "%s", host);
}

START_TEST(who_listens_on_another_address_of_the_port_is_not_it)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, len), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	assert_held("127.0.0.2", ntohs(at.sin_port), true);
	assert_held("0.0.0.0", ntohs(at.sin_port), true);
	assert_held("::", ntohs(at.sin_port), true);
	assert_held("localhost", ntohs(at.sin_port), true); /* a name: who knows */
	assert_held("127.0.0.1", ntohs(at.sin_port), false);
	assert_held("::1", ntohs(at.sin_port), false);
	close(fd);
}
END_TEST

START_TEST(who_listens_on_a_unix_socket_is_found)
{
	struct address a = { .is_unix = true };
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.path, sizeof a.path, "/tmp/littled-holder-%d", (int)getpid());
	memcpy(name.sun_path, a.path, sizeof a.path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
	ck_assert(!holder_describe(&a, text, sizeof text));
	ck_assert_int_eq(listen(fd, 1), 0);
	assert_it_is_us(&a);
	close(fd);
	unlink(a.path);
}
END_TEST

UNIT_SUITE_OF(holder, who_listens_on_a_port_is_found,
	      who_listens_on_another_address_of_the_port_is_not_it,
	      who_listens_on_a_unix_socket_is_found)
