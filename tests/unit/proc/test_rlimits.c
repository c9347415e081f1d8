/* Limits: what a configuration needs, and that they are raised. */
#include "proc/rlimits.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc/arbiter.h"
#include "unit.h"

static struct options *some_options(void)
{
	struct options *o = options_new();

	ck_assert_ptr_nonnull(o);
	o->workers = 4;
	o->threads = 8;
	o->worker_connections = 500;
	return o;
}

START_TEST(needs_grow_with_the_configuration)
{
	struct options *o = some_options();
	uint64_t descriptors = rlimits_descriptors(o), tasks = rlimits_tasks(o);

	ck_assert_uint_ge(descriptors, 2 * o->worker_connections + 4 * o->workers);
	ck_assert_uint_ge(tasks, 2 * o->workers * (o->threads + 1));
	o->worker_connections++;
	ck_assert_uint_eq(rlimits_descriptors(o), descriptors + 2);
	o->reuse_port = true;
	ck_assert_uint_eq(rlimits_descriptors(o), descriptors + 2 + o->workers - 1);
	o->threads++;
	ck_assert_uint_eq(rlimits_tasks(o), tasks + 2 * o->workers);
	options_free(&o);
}
END_TEST

static int seats_within(rlim_t soft, const struct options *o)
{
	struct rlimit limit = { .rlim_cur = soft, .rlim_max = soft };

	return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? -1 : (int)rlimits_seats(o);
}

static int seats_in_a_process(rlim_t soft, const struct options *o)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(seats_within(soft, o));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

START_TEST(where_descriptors_are_few_so_are_seats)
{
	struct options *o = some_options();

	ck_assert_uint_ge(rlimits_descriptors(o), 3u * arbiter_seats(4) + 2 * o->worker_connections);
	ck_assert_int_eq(seats_in_a_process(1024, o), (int)arbiter_seats(4));
	ck_assert_int_eq(seats_in_a_process(64, o), (int)arbiter_seats_least(4));
	int some = seats_in_a_process(110, o);
	ck_assert_int_gt(some, (int)arbiter_seats_least(4));
	ck_assert_int_lt(some, (int)arbiter_seats(4));
	options_free(&o);
}
END_TEST

/* In a process of its own: a limit that was lowered may not be raised again. */
static int raised_from(rlim_t soft, rlim_t hard, const struct options *o)
{
	struct rlimit limit = { .rlim_cur = soft, .rlim_max = hard };

	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -1;
	rlimits_raise(o);
	getrlimit(RLIMIT_NOFILE, &limit);
	return (int)limit.rlim_cur;
}

START_TEST(the_soft_limit_is_raised)
{
	struct options *o = some_options();
	rlim_t need = rlimits_descriptors(o);
	pid_t pid = fork();

	if (pid == 0)
		_exit(raised_from(64, need + 7, o) == (int)need ? 0 : 1);
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	options_free(&o);
}
END_TEST

START_TEST(a_limit_that_is_high_enough_stays)
{
	struct options *o = some_options();
	rlim_t need = rlimits_descriptors(o);
	pid_t pid = fork();

	if (pid == 0)
		_exit(raised_from(need + 5, need + 7, o) == (int)need + 5 ? 0 : 1);
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	options_free(&o);
}
END_TEST

UNIT_SUITE_OF(rlimits, needs_grow_with_the_configuration, where_descriptors_are_few_so_are_seats,
	      the_soft_limit_is_raised, a_limit_that_is_high_enough_stays)
