/*
 * Process titles: the kernel shows the memory where the arguments were.
 * Runs in: master, workers; while single-threaded.
 */
#include "proc/title.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "proc/worker.h"

static char *room_at;
static size_t room;

/*
 * One block each, which stays reachable.  setenv(3) and unsetenv(3) change the first in its place;
 * the second is what the server was started with.
 */
static char **environment_copy, **environment_kept;

/* In one block: the pointers, then the strings. */
static char **copied(char **strings)
{
	size_t n = 0, bytes = 0;

	for (; strings[n]; n++)
		bytes += strlen(strings[n]) + 1;
	char **copy = malloc((n + 1) * sizeof *copy + bytes);
	if (!copy)
		return NULL;
	char *to = (char *)(copy + n + 1);
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(strings[i]) + 1;

		copy[i] = memcpy(to, strings[i], len);
		to += len;
	}
	copy[n] = NULL;
	return copy;
}

int title_prepare(int argc, char **argv, char ***environment)
{
	char *end = argv[0];

	/* Arguments and environment lie one behind the other (execve(2)). */
	for (int i = 0; i < argc; i++)
		if (argv[i] == end)
			end += strlen(argv[i]) + 1;
	for (char **e = *environment; *e; e++)
		if (*e == end)
			end += strlen(*e) + 1;

	environment_copy = copied(*environment);
	environment_kept = copied(*environment);
	if (!environment_copy || !environment_kept)
		return -ENOMEM;
	room_at = argv[0];
	room = (size_t)(end - argv[0]);
	for (int i = 0; i < argc; i++) {
		argv[i] = strdup(argv[i]);
		if (!argv[i])
			return -ENOMEM;
	}
	*environment = environment_copy;
	return 0;
}

char **title_environment(void)
{
	return environment_kept;
}

void title_set(const char *format, ...)
{
	char title[128];
	va_list args;

	va_start(args, format);
	vsnprintf(title, sizeof title, format, args);
	va_end(args);
	prctl(PR_SET_NAME, title);
	if (room == 0)
		return;
	memset(room_at, 0, room);
	snprintf(room_at, room, "%s", title);
}

/* The first thread's name is that of the process: ps(1) and pgrep(1) go by it. */
void title_set_thread(unsigned worker, unsigned thread)
{
	char name[24];

	if (gettid() == getpid())
		return;
	if (worker == WORKER_STATISTICS)
		snprintf(name, sizeof name, "statistics.%u", thread);
	else
		snprintf(name, sizeof name, "%u.%u", worker, thread);
	pthread_setname_np(pthread_self(), name);
}
