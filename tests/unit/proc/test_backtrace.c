/* Backtraces of other threads: of one that sleeps, one that computes, one that is gone. */
#include "proc/backtrace.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"

static _Atomic pid_t thread_id;
static _Atomic bool is_over;

/* Exported by no list, so shown as an offset: what counts is that frames are there. */
static void *compute(void *unused)
{
	(void)unused;
	thread_id = gettid();
	while (!is_over)
		;
	return NULL;
}

static void *rest(void *unused)
{
	(void)unused;
	thread_id = gettid();
	while (!is_over)
		usleep(10000);
	return NULL;
}

static void *refuse_to_answer(void *unused)
{
	sigset_t all;

	(void)unused;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	return rest(NULL);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static unsigned lines_in(int fd)
{
	char text[8192];
	ssize_t n = read(fd, text, sizeof text);
	unsigned lines = 0;

	for (ssize_t i = 0; i < n; i++)
		lines += text[i] == '\n';
	return lines;
}

static bool ask(void *(*body)(void *), unsigned *lines)
{
	pthread_t thread;
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	is_over = false;
	thread_id = 0;
	backtrace_prepare();
	ck_assert_int_eq(pthread_create(&thread, NULL, body, NULL), 0);
	while (!thread_id)
		usleep(100);
	bool is_written = backtrace_of_thread(thread_id, ends[1]);
	is_over = true;
	pthread_join(thread, NULL);
	*lines = lines_in(ends[0]);
	close(ends[0]);
	close(ends[1]);
	return is_written;
}

START_TEST(a_thread_says_where_it_is)
{
	unsigned lines;

	ck_assert(ask(compute, &lines));
	ck_assert_uint_ge(lines, 2);
	ck_assert(ask(rest, &lines));
	ck_assert_uint_ge(lines, 3);
}
END_TEST

START_TEST(a_thread_that_does_not_answer_holds_nobody_up)
{
	unsigned lines;

	ck_assert(!ask(refuse_to_answer, &lines));
	ck_assert_uint_eq(lines, 1);
	uint64_t before_ms = now_ms();
	for (unsigned i = 0; i < 5; i++) /* nobody waits for each of them as long as for the first */
		ck_assert(!ask(refuse_to_answer, &lines));
	ck_assert_uint_le(now_ms() - before_ms, 1000);
	ck_assert(ask(rest, &lines)); /* and the next one is asked as before */
	ck_assert_uint_ge(lines, 3);
}
END_TEST

START_TEST(a_thread_that_is_gone_is_said_to_be)
{
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert(!backtrace_of_thread(0x3ffffff, ends[1]));
	ck_assert_uint_eq(lines_in(ends[0]), 1);
	ck_assert(backtrace_of_thread(gettid(), ends[1]));
	ck_assert_uint_ge(lines_in(ends[0]), 3);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

UNIT_SUITE_OF(backtrace, a_thread_says_where_it_is, a_thread_that_does_not_answer_holds_nobody_up,
	      a_thread_that_is_gone_is_said_to_be)
