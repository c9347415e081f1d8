/*
 * The clocks.  Durations and stamps are nanoseconds in a uint64_t.
 *
 * Stamps of requests are taken in net/ and proc/ through stamps_mark() alone; everything
 * else that wants the time asks here.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_US 1000ull
#define NS_PER_MS 1000000ull
#define NS_PER_S 1000000000ull

static inline uint64_t timespec_ns(struct timespec t)
{
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static inline uint64_t clock_read_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return timespec_ns(t);
}

/* CLOCK_MONOTONIC: the time base of every stamp; the same in all processes of the machine. */
static inline uint64_t clock_mono_ns(void)
{
	return clock_read_ns(CLOCK_MONOTONIC);
}

/* CLOCK_REALTIME: what the kernel stamps received packets with, and what logs show. */
static inline uint64_t clock_real_ns(void)
{
	return clock_read_ns(CLOCK_REALTIME);
}

/* CPU time of the calling thread.  A system call, unlike the two above. */
static inline uint64_t clock_thread_cpu_ns(void)
{
	return clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
}

#endif
