/* Listening sockets: addresses, stale and live unix sockets, what is refused. */
#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
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
static char path[64], bind_path[80];

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

/* As /dev/log: root could cut the system from its log. */
START_TEST(a_socket_of_another_kind_is_not_replaced)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct listener l;
	struct stat st;

	make_directory();
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	ck_assert_int_eq(open_at(&l, bind_path), -EADDRINUSE);
	ck_assert_int_eq(stat(path, &st), 0);
	close(fd);
	ck_assert_int_eq(open_at(&l, bind_path), 0); /* nobody has it any more */
	listener_close(&l);
	rmdir(directory);
}
END_TEST

static int option_of(const struct listener *l, int level, int option)
{
	int value = -1;
	socklen_t len = sizeof value;

	ck_assert_int_eq(getsockopt(l->fd, level, option, &value, &len), 0);
	return value;
}

START_TEST(what_is_to_be_set_is_set)
{
	const struct listener_plan plain = { .bind = "127.0.0.1:0", .backlog = 16 };
	const struct listener_plan plan = {
		.bind = "127.0.0.1:0",
		.backlog = 16,
		.nodelay = true,
		.defer_accept_s = 3,
		.keepalive_s = 60,
		.keepalive_interval_s = 7,
		.keepalive_probes = 4,
	};
	struct listener l;

	ck_assert_int_eq(listener_open(&l, &plain, why, sizeof why), 0);
	ck_assert_int_eq(option_of(&l, IPPROTO_TCP, TCP_NODELAY), 0);
	ck_assert_int_eq(option_of(&l, SOL_SOCKET, SO_KEEPALIVE), 0);
	ck_assert_int_eq(option_of(&l, IPPROTO_TCP, TCP_DEFER_ACCEPT), 0);
	listener_close(&l);
	ck_assert_int_eq(listener_open(&l, &plan, why, sizeof why), 0);
	ck_assert_int_eq(option_of(&l, IPPROTO_TCP, TCP_NODELAY), 1);
	ck_assert_int_ge(option_of(&l, IPPROTO_TCP, TCP_DEFER_ACCEPT), 3); /* in its own steps */
	ck_assert_int_eq(option_of(&l, SOL_SOCKET, SO_KEEPALIVE), 1);
	ck_assert_int_eq(option_of(&l, IPPROTO_TCP, TCP_KEEPIDLE), 60);
	ck_assert_int_eq(option_of(&l, IPPROTO_TCP, TCP_KEEPINTVL), 7);
	ck_assert_int_eq(option_of(&l, IPPROTO_TCP, TCP_KEEPCNT), 4);
	listener_close(&l);
}
END_TEST

START_TEST(a_unix_socket_gets_its_mode_and_owner)
{
	struct listener_plan plan = {
		.bind = bind_path, .backlog = 1, .sets_mode = true, .mode = 0610
	};
	struct listener l;
	struct stat st;

	make_directory();
	ck_assert_int_eq(listener_open(&l, &plan, why, sizeof why), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0610);
	listener_close(&l);

	plan.sets_owner = true;
	plan.uid = (uid_t)-1;
	plan.gid = getuid() == 0 ? 12 : getgid();
	ck_assert_int_eq(listener_open(&l, &plan, why, sizeof why), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_uid, getuid());
	ck_assert_uint_eq(st.st_gid, plan.gid);
	listener_close(&l);
	rmdir(directory);
}
END_TEST

START_TEST(a_socket_of_others_is_taken_over)
{
	struct listener first, l;
	const struct listener_plan ours = { .bind = "127.0.0.1:0", .nodelay = true }, theirs = { 0 };

	ck_assert_int_eq(open_at(&first, "127.0.0.1:0"), 0);
	fcntl(first.fd, F_SETFL, 0);
	fcntl(first.fd, F_SETFD, 0);
	ck_assert_int_eq(listener_adopt(&l, first.fd, &ours, why, sizeof why), 0);
	ck_assert_str_eq(l.name, first.name);
	ck_assert_int_eq(option_of(&l, IPPROTO_TCP, TCP_NODELAY), 1);
	ck_assert_int_eq(fcntl(l.fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_ne(fcntl(l.fd, F_GETFL) & O_NONBLOCK, 0);
	listener_close(&l);

	make_directory();
	ck_assert_int_eq(open_at(&first, bind_path), 0);
	ck_assert_int_eq(listener_adopt(&l, first.fd, &theirs, why, sizeof why), 0);
	ck_assert_str_eq(l.name, bind_path);
	listener_close(&l);
	ck_assert_int_eq(access(path, F_OK), 0); /* its owner removes it */
	first.fd = -1;
	listener_close(&first);
	rmdir(directory);
}
END_TEST

START_TEST(what_does_not_listen_is_not_taken_over)
{
	const struct listener_plan plan = { 0 };
	struct listener l;
	int fds[3] = { open("/dev/null", O_RDONLY), socket(AF_INET, SOCK_STREAM, 0),
		       socket(AF_INET, SOCK_DGRAM, 0) };

	for (unsigned i = 0; i < 3; i++) {
		ck_assert_int_eq(listener_adopt(&l, fds[i], &plan, why, sizeof why), -ENOTSOCK);
		ck_assert_ptr_nonnull(strstr(why, "no stream socket that listens"));
		ck_assert_int_eq(l.fd, -1);
		ck_assert_int_eq(fcntl(fds[i], F_GETFD), -1);
	}
}
END_TEST

UNIT_SUITE_OF(listener, it_listens_on_an_address, a_port_in_use_is_named,
	      what_is_no_address_is_refused, a_unix_socket_comes_and_goes,
	      a_stale_unix_socket_is_replaced_and_a_file_is_not,
	      a_socket_of_another_kind_is_not_replaced, what_is_to_be_set_is_set,
	      a_unix_socket_gets_its_mode_and_owner, a_socket_of_others_is_taken_over,
	      what_does_not_listen_is_not_taken_over)
