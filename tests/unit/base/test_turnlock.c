/* The lock that is handed on: one holder at a time, nobody kept out for long, nothing lost. */
#include "base/turnlock.h"

#include "base/clock.h"
#include "unit.h"

enum { THREADS = 4, ROUNDS = 20000 };

static struct turnlock lock;
static uint64_t counted; /* under the lock */
static _Atomic bool is_over;

static void *count(void *unused)
{
	(void)unused;
	for (int i = 0; i < ROUNDS; i++) {
		turnlock_take(&lock);
		counted++;
		turnlock_checkpoint(&lock);
		counted++;
		turnlock_give(&lock);
	}
	return NULL;
}

START_TEST(one_holder_at_a_time)
{
	pthread_t thread[THREADS];

	counted = 0;
	turnlock_init(&lock, 100 * NS_PER_US);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, count, NULL);
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	ck_assert_uint_eq(counted, 2ull * THREADS * ROUNDS);
	turnlock_fini(&lock);
}
END_TEST

/* Computes without an end, with a checkpoint now and then. */
static void *hog(void *unused)
{
	(void)unused;
	turnlock_take(&lock);
	while (!atomic_load(&is_over))
		turnlock_checkpoint(&lock);
	turnlock_give(&lock);
	return NULL;
}

static bool is_held(void)
{
	pthread_mutex_lock(&lock.mutex);
	bool held = lock.is_held;
	pthread_mutex_unlock(&lock.mutex);
	return held;
}

START_TEST(who_waits_gets_it_after_the_interval)
{
	pthread_t thread;

	atomic_store(&is_over, false);
	turnlock_init(&lock, 5 * NS_PER_MS);
	pthread_create(&thread, NULL, hog, NULL);
	while (!is_held())
		;
	uint64_t begin_ns = clock_mono_ns();
	for (int i = 0; i < 10; i++) {
		turnlock_take(&lock); /* would take for ever from a lock that is not handed on */
		turnlock_give(&lock);
		while (!is_held()) /* the hog goes on */
			;
	}
	ck_assert_uint_ge(clock_mono_ns() - begin_ns, 10 * 5 * NS_PER_MS * 9 / 10);
	atomic_store(&is_over, true);
	pthread_join(thread, NULL);
	turnlock_fini(&lock);
}
END_TEST

START_TEST(alone_it_is_taken_and_given_at_once)
{
	turnlock_init(&lock, NS_PER_S);
	for (int i = 0; i < 1000; i++) {
		turnlock_take(&lock);
		turnlock_checkpoint(&lock);
		turnlock_give(&lock);
	}
	ck_assert_uint_eq(lock.turns, 1000); /* no checkpoint gave it away */
	turnlock_fini(&lock);
}
END_TEST

UNIT_SUITE_OF(turnlock, one_holder_at_a_time, who_waits_gets_it_after_the_interval,
	      alone_it_is_taken_and_given_at_once)
