/* Messages to the service manager, and when a sign of life is one. */
#include "proc/notify.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/shm.h"
#include "unit.h"

static char text[512];

/* A manager's socket under a name without a file. */
static int open_manager(char name[64])
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	int len = snprintf(name, 64, "@littled-notify-%d", (int)getpid());
	memcpy(at.sun_path + 1, name + 1, (size_t)len - 1);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len)),
			 0);
	return fd;
}

static const char *hear(int fd)
{
	ssize_t n = recv(fd, text, sizeof text - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

START_TEST(messages_arrive)
{
	struct notify n;
	char name[64];
	int fd = open_manager(name);
	const struct supervisor s = { .notify_socket = name };

	notify_open(&n, &s, 1);
	notify_send(&n, "READY=1\nSTATUS=%d workers", 5);
	ck_assert_str_eq(hear(fd), "READY=1\nSTATUS=5 workers");
	notify_reloading(&n, 1234567890);
	ck_assert_str_eq(hear(fd), "RELOADING=1\nMONOTONIC_USEC=1234567\nSTATUS=reloading");
	notify_close(&n);
	notify_send(&n, "READY=1");
	ck_assert_str_eq(hear(fd), "");
	close(fd);
}
END_TEST

START_TEST(who_does_not_listen_is_not_told)
{
	struct notify n;
	static const char *const nowhere[] = { "/nowhere/notify", "relative", "", "vsock:2:1" };

	for (unsigned i = 0; i < sizeof nowhere / sizeof *nowhere; i++) {
		const struct supervisor s = { .notify_socket = nowhere[i], .watchdog_us = 5 };

		notify_open(&n, &s, 1);
		ck_assert_int_eq(n.fd, -1);
		ck_assert_uint_eq(n.watchdog_due_ns, UINT64_MAX);
		notify_send(&n, "READY=1");
	}
}
END_TEST

static struct shm memory;

static struct board *open_board(unsigned workers)
{
	static const struct route_row route = { .name = "/" };
	const struct board_plan plan = {
		.workers = workers,
		.workers_max = workers,
		.threads = 1,
		.threads_max = 1,
		.routes = 1,
		.routes_max = 1,
		.route = &route,
	};

	ck_assert_int_eq(board_open_new(&memory, &plan, 1), 0);
	for (unsigned i = 0; i < workers; i++)
		board_worker_begins(memory.at, i, 1, 1);
	return memory.at;
}

static void set_worker(struct board *b, unsigned i, enum worker_state state, uint64_t turned_ns)
{
	atomic_store(&board_worker(b, i)->state, state);
	atomic_store(&board_worker(b, i)->heartbeat_ns, turned_ns);
}

START_TEST(one_leader_that_turns_is_a_sign_of_life)
{
	struct board *b = open_board(2);

	ck_assert(notify_has_turned(b, 100, 10)); /* none is ready yet */
	set_worker(b, 0, WORKER_READY, 85);
	ck_assert(!notify_has_turned(b, 100, 10));
	set_worker(b, 1, WORKER_READY, 95);
	ck_assert(notify_has_turned(b, 100, 10));
	set_worker(b, 1, WORKER_DRAINING, 95);
	ck_assert(!notify_has_turned(b, 100, 10));
	shm_close(&memory);
}
END_TEST

START_TEST(the_watchdog_is_fed_twice_a_period_while_leaders_turn)
{
	struct board *b = open_board(1);
	struct notify n;
	char name[64];
	int fd = open_manager(name);
	const struct supervisor s = { .notify_socket = name, .watchdog_us = 10000000 };

	set_worker(b, 0, WORKER_READY, 100 * NS_PER_S);
	notify_open(&n, &s, 100 * NS_PER_S);
	notify_watchdog(&n, b, 100 * NS_PER_S);
	ck_assert_str_eq(hear(fd), "WATCHDOG=1");
	ck_assert_uint_eq(n.watchdog_due_ns, 105 * NS_PER_S);
	notify_watchdog(&n, b, 105 * NS_PER_S - 1);
	ck_assert_str_eq(hear(fd), "");
	notify_watchdog(&n, b, 105 * NS_PER_S); /* silent for as long as half a period */
	ck_assert_str_eq(hear(fd), "");
	set_worker(b, 0, WORKER_READY, 109 * NS_PER_S);
	notify_watchdog(&n, b, 110 * NS_PER_S);
	ck_assert_str_eq(hear(fd), "WATCHDOG=1");
	notify_close(&n);
	close(fd);
	shm_close(&memory);
}
END_TEST

UNIT_SUITE_OF(notify, messages_arrive, who_does_not_listen_is_not_told,
	      one_leader_that_turns_is_a_sign_of_life,
	      the_watchdog_is_fed_twice_a_period_while_leaders_turn)
