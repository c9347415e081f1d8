/*
 * The floor server: a thread a connection, no limit on slots, no queue.
 *
 * No request ever waits for a slot here, so what a generator measures above the slept time
 * is the machine's noise and the generator's own: the floor under every other figure.
 *
 *	floor PORT
 *
 * GET /sleep?ms=F sleeps; every other target answers at once.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "listen.h"

#define STACK_BYTES (64 * 1024)
#define HEAD_MAX 8192
#define SLEEP_MAX_MS 60000.0

static void sleep_ms(double ms)
{
	struct timespec t = { (time_t)(ms / 1000), 0 };

	t.tv_nsec = (long)((ms - (double)t.tv_sec * 1000) * 1e6);
	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) == EINTR)
		;
}

/* One request, NUL behind it; false when the connection is to be closed after the answer. */
static bool answer(int fd, const char *head)
{
	static const char body[] = "ok\n";
	static const char sleep_target[] = "GET /sleep?ms=";
	bool stays = !strcasestr(head, "\r\nconnection: close");
	char bytes[256];

	if (strncmp(head, sleep_target, sizeof sleep_target - 1) == 0) {
		double ms = strtod(head + sizeof sleep_target - 1, NULL);

		if (ms > 0 && ms <= SLEEP_MAX_MS)
			sleep_ms(ms);
	}
	int len = snprintf(
		bytes, sizeof bytes,
		"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n%s\r\n%s",
		sizeof body - 1, stays ? "" : "Connection: close\r\n", body);
	return send(fd, bytes, (size_t)len, MSG_NOSIGNAL) == len && stays;
}

/* Answers the whole requests in bytes[0, *len); false when the connection is to be closed. */
static bool answer_all(int fd, char *bytes, size_t *len)
{
	for (;;) {
		char *end = strstr(bytes, "\r\n\r\n");

		if (!end)
			return true;
		end[2] = '\0';
		if (!answer(fd, bytes))
			return false;
		*len -= (size_t)(end + 4 - bytes);
		memmove(bytes, end + 4, *len + 1);
	}
}

static void *serve(void *argument)
{
	int fd = (int)(intptr_t)argument, yes = 1;
	char bytes[HEAD_MAX + 1];
	size_t len = 0;

	prctl(PR_SET_TIMERSLACK, 1);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	while (len < HEAD_MAX) {
		ssize_t n = recv(fd, bytes + len, HEAD_MAX - len, 0);

		if (n <= 0)
			break;
		len += (size_t)n;
		bytes[len] = '\0';
		if (!answer_all(fd, bytes, &len))
			break;
	}
	close(fd);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_attr_t attributes;
	pthread_t thread;

	if (argc != 2) {
		fprintf(stderr, "Usage: floor PORT\n");
		return 2;
	}
	int listener = listen_on((unsigned)strtoul(argv[1], NULL, 10));
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			continue;
		if (pthread_create(&thread, &attributes, serve, (void *)(intptr_t)fd))
			close(fd);
	}
}
