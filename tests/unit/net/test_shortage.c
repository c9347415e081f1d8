/* The reserved descriptor, and what is said when descriptors run out. */
#include "net/shortage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "unit.h"

static void allow(int fds)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = (rlim_t)fds;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* The lowest free one. */
static int next_fd(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	close(fd);
	return fd;
}

START_TEST(the_reserve_is_one_descriptor_more)
{
	struct shortage s;

	shortage_init(&s);
	allow(next_fd());
	ck_assert_int_lt(open("/dev/null", O_RDONLY), 0);
	ck_assert(shortage_lend(&s));
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);

	ck_assert(!shortage_lend(&s));
	ck_assert(!shortage_refill(&s));
	close(fd);
	ck_assert(shortage_refill(&s));
	ck_assert(shortage_refill(&s));
	ck_assert_int_lt(open("/dev/null", O_RDONLY), 0);
	shortage_fini(&s);
	ck_assert_int_eq(s.reserve_fd, -1);
}
END_TEST

START_TEST(some_errors_are_shortages)
{
	ck_assert(shortage_is(EMFILE) && shortage_is(ENFILE));
	ck_assert(shortage_is(ENOBUFS) && shortage_is(ENOMEM));
	ck_assert(!shortage_is(EAGAIN) && !shortage_is(ECONNABORTED) && !shortage_is(0));
}
END_TEST

#define SECOND NS_PER_S

/* It ends with the first connection accepted a second after the last failure. */
START_TEST(it_is_over_when_it_has_been_for_a_moment)
{
	struct shortage s;

	log_set_level(LTD_LOG_CRITICAL);
	shortage_init(&s);
	shortage_not_met(&s, SECOND);
	ck_assert_uint_eq(s.since_ns, 0);
	shortage_met(&s, EMFILE, 10 * SECOND);
	shortage_not_met(&s, 10 * SECOND + 1);
	shortage_met(&s, EMFILE, 12 * SECOND);
	ck_assert_uint_eq(s.since_ns, 10 * SECOND);
	shortage_not_met(&s, 13 * SECOND - 1);
	ck_assert_uint_eq(s.since_ns, 10 * SECOND);
	shortage_lasts(&s, 13 * SECOND);
	shortage_not_met(&s, 14 * SECOND - 1);
	ck_assert_uint_eq(s.since_ns, 10 * SECOND);
	shortage_not_met(&s, 14 * SECOND);
	ck_assert_uint_eq(s.since_ns, 0);
	shortage_fini(&s);
}
END_TEST

/* Where the last descriptors are given, files find none. */
START_TEST(a_high_descriptor_means_that_few_are_left)
{
	struct shortage s;

	shortage_init(&s);
	allow(100);
	ck_assert(!shortage_is_near(&s, 10, 1, SECOND));
	ck_assert(!shortage_is_near(&s, 94, 1, SECOND));
	ck_assert(shortage_is_near(&s, 95, 1, SECOND));
	ck_assert(shortage_is_near(&s, 99, 1, SECOND));
	/* In a gap, but connections have the others: beside the first there were 10. */
	ck_assert(!shortage_is_near(&s, 10, 85, SECOND));
	ck_assert(shortage_is_near(&s, 10, 86, SECOND));
	allow(50); /* seen a little later */
	ck_assert(shortage_is_near(&s, 60, 1, 2 * SECOND));
	ck_assert(!shortage_is_near(&s, 44, 1, 2 * SECOND));
	shortage_fini(&s);
}
END_TEST

UNIT_SUITE_OF(shortage, the_reserve_is_one_descriptor_more, some_errors_are_shortages,
	      it_is_over_when_it_has_been_for_a_moment, a_high_descriptor_means_that_few_are_left)
