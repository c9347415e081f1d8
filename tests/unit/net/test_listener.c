/* Listening sockets: addresses, stale and live unix sockets, what is refused. */
#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "unit.h"

static char why[256];

static int open_at(struct listener *l, const char *bind)
{
	const struct listener_plan plan = { .bind = bind, .backlog = 16 };

	why[0] = '\0';
	return listener_open(l, &plan, why, sizeof why);
}

static unsigned port_of(const struct listener *l)
{
	struct sockaddr_in a;
	socklen_t len = sizeof a;

	getsockname(l->fd, (struct sockaddr *)&a, &len);
	return ntohs(a.sin_port);
}

START_TEST(it_listens_on_an_address)
{
	struct listener l;

	ck_assert_int_eq(open_at(&l, "127.0.0.1:0"), 0);
	ck_assert_int_ge(l.fd, 0);
	ck_assert_uint_ne(port_of(&l), 0);
	listener_close(&l);
	ck_assert_int_eq(l.fd, -1);
}
END_TEST

START_TEST(a_port_in_use_is_named)
{
	struct listener first, second;
	char bind[64];

	ck_assert_int_eq(open_at(&first, "127.0.0.1:0"), 0);
	snprintf(bind, sizeof bind, "127.0.0.1:%u", port_of(&first));
	ck_assert_int_eq(open_at(&second, bind), -EADDRINUSE);
	ck_assert_ptr_nonnull(strstr(why, bind));
	listener_close(&first);
	ck_assert_int_eq(open_at(&second, bind), 0);
	listener_close(&second);
}
END_TEST

START_TEST(what_is_no_address_is_refused)
{
	struct listener l;

	ck_assert_int_lt(open_at(&l, "nonsense"), 0);
	ck_assert_int_lt(open_at(&l, "127.0.0.1:http-of-nowhere"), 0);
	ck_assert_int_lt(open_at(&l, "host.invalid:80"), 0);
	ck_assert_ptr_nonnull(strstr(why, "host.invalid:80"));
}
END_TEST

static char directory[] = "/tmp/littled-listener-XXXXXX";
static char path[128], bind_path[160];

static void make_directory(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/s", directory);
	snprintf(bind_path, sizeof bind_path, "unix:%s", path);
}

START_TEST(a_unix_socket_comes_and_goes)
{
	struct listener l, second;
	struct stat st;

	make_directory();
	ck_assert_int_eq(open_at(&l, bind_path), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(open_at(&second, bind_path), -EADDRINUSE); /* it is live */
	ck_assert_int_eq(stat(path, &st), 0);
	listener_close(&l);
	ck_assert_int_lt(stat(path, &st), 0);
	rmdir(directory);
}
END_TEST

START_TEST(a_stale_unix_socket_is_replaced_and_a_file_is_not)
{
	struct listener l;

	make_directory();
	ck_assert_int_eq(open_at(&l, bind_path), 0);
	close(l.fd); /* as a crash does: the name stays */
	free(l.path);
	ck_assert_int_eq(open_at(&l, bind_path), 0);
	listener_close(&l);

	close(open(path, O_CREAT | O_WRONLY, 0600));
	ck_assert_int_eq(open_at(&l, bind_path), -EEXIST);
	ck_assert_int_eq(unlink(path), 0);
	rmdir(directory);
}
END_TEST

UNIT_SUITE_OF(listener, it_listens_on_an_address, a_port_in_use_is_named,
	      what_is_no_address_is_refused, a_unix_socket_comes_and_goes,
	      a_stale_unix_socket_is_replaced_and_a_file_is_not)
