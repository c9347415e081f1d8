/*
 * Passing the baton, and taking it from a leader that runs late.
 * Runs in: leader, and the worker's waiting threads.
 */
#include "proc/baton.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"

/* Lock held. */
static void call_last(struct slots *s)
{
	struct slot_thread *t;

	if (s->waiting_count == 0)
		return;
	t = s->waiting[--s->waiting_count]; /* the one whose cache is warmest */
	t->is_called = true;
	pthread_cond_signal(&t->call);
}

void baton_call_all(struct slots *s)
{
	while (s->waiting_count)
		call_last(s);
}

void baton_pass(struct slots *s, struct slot_thread *me)
{
	pthread_mutex_lock(&s->lock);
	assert(s->leader == me);
	s->leader = NULL;
	call_last(s);
	pthread_mutex_unlock(&s->lock);
	if (me->hand.tally)
		tally_count(me->hand.tally, COUNTER_PROMOTIONS, 1);
}

void baton_go_away(struct slots *s)
{
	if (!s->left_ns) {
		s->left_ns = clock_mono_ns();
		atomic_store_explicit(&s->trips,
				      atomic_load_explicit(&s->trips, memory_order_relaxed) + 1,
				      memory_order_relaxed);
	}
	atomic_store(&s->away_ns, s->left_ns);
	if (!atomic_load(&s->watch_sleeps))
		return;
	pthread_mutex_lock(&s->lock);
	if (s->waiting_count)
		pthread_cond_signal(&s->waiting[0]->call);
	pthread_mutex_unlock(&s->lock);
}

bool baton_end_handler(struct slots *s, const struct slot_thread *me)
{
	if (s->leader != me)
		return false;
	atomic_store_explicit(&s->away_ns, 0, memory_order_relaxed);
	return true;
}

void baton_come_back(struct slots *s)
{
	s->left_ns = 0;
}

static void sleep_until_trip(struct slots *s, struct slot_thread *me)
{
	atomic_store(&s->watch_sleeps, true);
	/* Either we see that the leader is away, or it sees that we sleep. */
	if (!atomic_load(&s->away_ns))
		pthread_cond_wait(&me->call, &s->lock);
	atomic_store(&s->watch_sleeps, false);
}

static void tick(struct slots *s, struct slot_thread *me)
{
	uint64_t at = clock_mono_ns() + s->promote_after_ns;
	struct timespec until = { (time_t)(at / NS_PER_S), (long)(at % NS_PER_S) };

	pthread_cond_timedwait(&me->call, &s->lock, &until);
}

static void take_over(struct slots *s, struct slot_thread *me)
{
	memmove(s->waiting, s->waiting + 1, --s->waiting_count * sizeof *s->waiting);
	if (s->waiting_count)
		pthread_cond_signal(&s->waiting[0]->call); /* it is the watch now: let it begin */
	s->leader = me;
	s->left_ns = 0;
	atomic_store(&s->away_ns, 0);
	me->is_called = true;
	if (me->hand.tally)
		tally_count(me->hand.tally, COUNTER_RESCUES, 1);
}

/* One step of the watch: asleep while no leader goes away, else a tick and a look at its end. */
static void watch(struct slots *s, struct slot_thread *me, uint64_t *trips_seen)
{
	uint64_t trips = atomic_load_explicit(&s->trips, memory_order_relaxed);
	uint64_t away_ns = atomic_load(&s->away_ns);

	if (!away_ns && trips == *trips_seen) {
		sleep_until_trip(s, me);
		return;
	}
	*trips_seen = trips;
	tick(s, me);
	away_ns = atomic_load(&s->away_ns);
	if (!me->is_called && away_ns && clock_mono_ns() - away_ns >= s->promote_after_ns)
		take_over(s, me);
}

void baton_wait(struct slots *s, struct slot_thread *me)
{
	uint64_t trips_seen = atomic_load_explicit(&s->trips, memory_order_relaxed);

	me->is_called = false;
	s->waiting[s->waiting_count++] = me;
	while (!me->is_called) {
		if (s->waiting[0] == me)
			watch(s, me, &trips_seen);
		else
			pthread_cond_wait(&me->call, &s->lock);
	}
}
