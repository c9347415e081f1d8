/*
 * Leader and followers: who runs the loop, who runs handlers.
 * Runs in: leader, slot.
 */
#include "proc/slots.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "proc/baton.h"
#include "proc/peers.h"
#include "proc/overload.h"
#include "proc/service.h"
#include "proc/slot.h"
#include "proc/title.h"

/* Tells the siblings how long the queue is.  Before looking for their free slots: see peers.h. */
static void publish(struct slots *s)
{
	struct worker_row *row = s->loop->row;

	atomic_store(&row->oldest_ns, s->ready.first ? s->ready.first->stamps.at[STAMP_ARRIVED] : 0);
	atomic_store(&row->queued, s->ready.count);
}

/* --- the slots themselves --------------------------------------------------- */

/* A reservation on the board guarantees that one is free here. */
static unsigned occupy(struct slots *s)
{
	for (unsigned word = 0;; word++) {
		if (~s->taken[word] == 0)
			continue;
		unsigned bit = (unsigned)__builtin_ctzll(~s->taken[word]);
		assert(word * 64 + bit < s->slot_count);
		s->taken[word] |= 1ull << bit;
		return word * 64 + bit;
	}
}

static void vacate(struct slots *s, unsigned slot)
{
	s->taken[slot / 64] &= ~(1ull << (slot % 64));
	s->running[slot] = NULL;
}

static void settle_in(struct slots *s, struct exchange *x, unsigned slot)
{
	x->slot = slot;
	s->running[slot] = x;
}

/*
 * The oldest waiting request that is worth serving.  Those that are not get their answer from the
 * leader.  Lock held.
 */
static struct exchange *pop_ready(struct slots *s)
{
	uint64_t now_ns = s->codel.target_ns ? clock_mono_ns() : 0;
	struct exchange *x = queue_pop(&s->ready);

	while (x && now_ns && codel_sheds(&s->codel, overload_waited_ns(x, now_ns), now_ns)) {
		queue_push(&s->shed, x);
		ev_async_send(s->loop->ev, &s->wake);
		x = queue_pop(&s->ready);
	}
	publish(s);
	return x;
}

/* The next request that has, or gets, a slot of this worker.  Lock held. */
static struct exchange *take_next(struct slots *s)
{
	uint32_t generation;
	struct exchange *x = queue_pop(&s->granted);

	if (!x && s->ready.count && peers_may_take(s->loop) &&
	    worker_reserve_slot(s->loop->row, &generation)) {
		x = pop_ready(s);
		if (!x)
			worker_release_slot(s->loop->row, generation);
	}
	if (x)
		settle_in(s, x, occupy(s));
	return x;
}

/* A slot just emptied takes the next request without becoming free in between.  Lock held. */
static struct exchange *take_in_place(struct slots *s, unsigned slot)
{
	struct exchange *x = NULL;

	if (s->ready.count && peers_is_our_turn(s->loop))
		x = pop_ready(s);
	if (!x)
		return NULL;
	settle_in(s, x, slot);
	return x;
}

static void give_slot_back(struct slots *s, unsigned slot)
{
	vacate(s, slot);
	worker_release_slot(s->loop->row, s->generation);
}

/* --- running handlers -------------------------------------------------------- */

/* Lock held. */
static void give_conn_back(struct slots *s, struct conn *c, enum send_result result)
{
	c->returned = result;
	c->next_returned = NULL;
	*s->returned_end = c;
	s->returned_end = &c->next_returned;
}

/*
 * The handler is over.  A leader frees its slot and keeps the conn; a slot gives the conn
 * back, and goes on with the next waiting request: returned, with the slot still taken.
 */
static struct exchange *finish(struct slot_thread *me, struct conn *c, unsigned slot,
			       enum send_result result, bool *leads)
{
	struct slots *s = me->slots;
	struct exchange *next = NULL;

	pthread_mutex_lock(&s->lock);
	*leads = baton_end_handler(s, me);
	if (!*leads) {
		give_conn_back(s, c, result);
		next = take_in_place(s, slot);
	}
	if (!next)
		give_slot_back(s, slot);
	pthread_mutex_unlock(&s->lock);
	if (!*leads)
		ev_async_send(s->loop->ev, &s->wake);
	return next;
}

/* Written off: the slot is lost, and its thread waits for other work like any. */
static void come_back_late(struct slots *s)
{
	pthread_mutex_lock(&s->lock);
	s->lost_count--;
	pthread_mutex_unlock(&s->lock);
}

/* As a slot: this request, and then whatever waits. */
static void run_in_slot(struct slot_thread *me, struct exchange *x)
{
	bool leads;

	while (x) {
		struct conn *c = x->conn;
		unsigned slot = x->slot;
		enum send_result result = slot_run(me, x);

		if (result == SEND_WRITTEN_OFF) {
			come_back_late(me->slots);
			return;
		}
		x = finish(me, c, slot, result, &leads);
	}
	peers_claim(me->slots->loop, &me->hand);
}

/* As the leader, baton in hand.  False when the baton was taken over meanwhile. */
static bool run_leading(struct slot_thread *me, struct exchange *x)
{
	struct conn *c = x->conn;
	unsigned slot = x->slot;
	bool leads;

	baton_go_away(me->slots);
	enum send_result result = slot_run(me, x);
	if (result == SEND_WRITTEN_OFF) {
		come_back_late(me->slots); /* only another leader writes off */
		return false;
	}
	x = finish(me, c, slot, result, &leads);
	if (leads)
		conn_resume(c, result);
	else
		run_in_slot(me, x);
	return leads;
}

static struct exchange *leader_takes(struct slots *s)
{
	struct exchange *x;

	/* Others only take from the queues: what looks empty here is empty. */
	if (!atomic_load_explicit(&s->loop->row->queued, memory_order_relaxed) && !s->granted.count)
		return NULL;
	pthread_mutex_lock(&s->lock);
	x = take_next(s);
	pthread_mutex_unlock(&s->lock);
	return x;
}

static void lead(struct slot_thread *me)
{
	struct slots *s = me->slots;

	s->loop->hand = &me->hand;
	while (!s->is_stopped) {
		struct exchange *x = leader_takes(s);

		if (!x) {
			baton_come_back(s);
			peers_balance(s->loop);
			loop_turn(s->loop);
		} else if (slot_is_slow(s, x)) {
			baton_come_back(s);
			baton_pass(s, me);
			run_in_slot(me, x);
			return;
		} else if (!run_leading(me, x)) {
			return;
		}
	}
	pthread_mutex_lock(&s->lock);
	s->leader = NULL;
	baton_call_all(s);
	pthread_mutex_unlock(&s->lock);
}

static void *thread_main(void *argument)
{
	struct slot_thread *me = argument;
	struct slots *s = me->slots;

	me->thread_id = gettid();
	title_set_thread(s->loop->worker, me->hand.index);
	pthread_mutex_lock(&s->lock);
	while (!s->is_stopped) {
		if (s->leader && s->leader != me) {
			baton_wait(s, me); /* afterwards the baton is free, or ours already */
			continue;
		}
		s->leader = me;
		pthread_mutex_unlock(&s->lock);
		lead(me);
		pthread_mutex_lock(&s->lock);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* --- from outside ------------------------------------------------------------ */

static void submit(struct slots *s, struct queue *q, struct exchange *x)
{
	pthread_mutex_lock(&s->lock);
	queue_push(q, x);
	publish(s);
	pthread_mutex_unlock(&s->lock);
}

void slots_submit(struct slots *s, struct exchange *x)
{
	conn_set_state(x->conn, CONN_BUSY);
	if (s->loop->hand->tally)
		board_enter(s->loop->board, x->stamps.at[STAMP_READY]);
	submit(s, &s->ready, x);
}

void slots_submit_moved(struct slots *s, struct exchange *x, bool has_slot)
{
	submit(s, has_slot ? &s->granted : &s->ready, x);
}

struct exchange *slots_give_oldest(struct slots *s)
{
	pthread_mutex_lock(&s->lock);
	struct exchange *x = queue_pop(&s->ready);
	publish(s);
	pthread_mutex_unlock(&s->lock);
	return x;
}

struct exchange *slots_give_overdue(struct slots *s, uint64_t waited_ns)
{
	struct exchange *x = NULL;

	pthread_mutex_lock(&s->lock);
	if (s->ready.first && overload_waited_ns(s->ready.first, clock_mono_ns()) >= waited_ns) {
		x = queue_pop(&s->ready);
		publish(s);
	}
	pthread_mutex_unlock(&s->lock);
	return x;
}

void slots_take_back(struct slots *s, struct exchange *x)
{
	pthread_mutex_lock(&s->lock);
	queue_push_front(&s->ready, x);
	publish(s);
	pthread_mutex_unlock(&s->lock);
}

void slots_take_all_back(struct slots *s, struct queue *older)
{
	if (!older->count)
		return;
	pthread_mutex_lock(&s->lock);
	queue_put_in_front(&s->ready, older);
	publish(s);
	pthread_mutex_unlock(&s->lock);
}

/* Lock held.  What runs there is recycled by the leader alone, so that it may be looked at. */
static bool write_off(struct slots *s, unsigned slot, uint64_t limit_ns, struct slot_overrun *o)
{
	struct exchange *x = s->running[slot];
	uint64_t now_ns = clock_mono_ns();

	if (!x || !hold_is_running(&x->hold) || now_ns - x->stamps.at[STAMP_STARTED] < limit_ns)
		return false;
	enum hold was = hold_write_off(&x->hold);
	if (was != HOLD_HANDLER && was != HOLD_STREAMING)
		return false;
	*o = (struct slot_overrun){
		.x = x,
		.age_ns = now_ns - x->stamps.at[STAMP_STARTED],
		.has_begun = was == HOLD_STREAMING,
	};
	s->running[slot] = NULL;
	s->lost_count++;
	return true;
}

bool slots_write_off(struct slots *s, uint64_t limit_ns, struct slot_overrun *o)
{
	uint64_t now_ns = clock_mono_ns();
	bool found = false;

	for (unsigned i = 0; i < s->slot_count && !found; i++) {
		struct slot_row *row = &s->loop->slot_row[i];

		if (atomic_load(&row->state) != SLOT_BUSY ||
		    atomic_load(&row->since_ns) + limit_ns > now_ns)
			continue;
		pthread_mutex_lock(&s->lock);
		found = write_off(s, i, limit_ns, o);
		pthread_mutex_unlock(&s->lock);
		if (found) {
			o->thread_id = (pid_t)atomic_load(&row->thread_id);
			atomic_store(&row->state, SLOT_WRITTEN_OFF);
		}
	}
	return found;
}

unsigned slots_lost(struct slots *s)
{
	pthread_mutex_lock(&s->lock);
	unsigned lost = s->lost_count;
	pthread_mutex_unlock(&s->lock);
	return lost;
}

/* Releases are made with the lock held, so none comes in between. */
void slots_recount(struct slots *s)
{
	unsigned used = 0;

	pthread_mutex_lock(&s->lock);
	for (unsigned i = 0; i < s->slot_count; i++)
		used += s->taken[i / 64] >> (i % 64) & 1;
	used += s->granted.count;
	s->generation = worker_recount_slots(s->loop->row, s->slot_count - used);
	pthread_mutex_unlock(&s->lock);
}

void slots_collect(struct slots *s)
{
	pthread_mutex_lock(&s->lock);
	struct conn *c = s->returned;
	struct exchange *shed = s->shed.first;
	s->returned = NULL;
	s->returned_end = &s->returned;
	queue_init(&s->shed);
	pthread_mutex_unlock(&s->lock);

	while (c) {
		struct conn *next = c->next_returned;

		conn_resume(c, c->returned);
		c = next;
	}
	while (shed) {
		struct exchange *next = shed->next;

		service_shed(s->loop, shed, COUNTER_SHED_DELAY);
		shed = next;
	}
}

static void on_wake(struct ev_loop *ev, ev_async *w, int events)
{
	/* The turn collects; this event only ends the poll. */
	(void)ev, (void)w, (void)events;
}

static void prepare_thread(struct slots *s, unsigned i, bool statistics)
{
	struct slot_thread *t = &s->thread[i];
	pthread_condattr_t monotonic;

	t->slots = s;
	t->hand.index = i;
	t->hand.tally = statistics ? board_tally(s->loop->board, s->loop->worker, i) : NULL;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&t->call, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

int slots_open(struct slots *s, struct loop *l, unsigned slots, uint64_t promote_after_ns,
	       bool statistics)
{
	*s = (struct slots){
		.loop = l,
		.promote_after_ns = promote_after_ns,
		.generation = worker_slots_generation(l->row),
		.slot_count = slots,
		.thread_count = slots + 1,
	};
	s->thread = calloc(s->thread_count, sizeof *s->thread);
	s->waiting = calloc(s->thread_count, sizeof(*s->waiting));
	s->taken = calloc(slots / 64 + 1, sizeof *s->taken);
	s->running = calloc(slots + 1, sizeof(*s->running));
	s->pace_ns = calloc(l->board->routes_max, sizeof *s->pace_ns);
	if (!s->thread || !s->waiting || !s->taken || !s->running || !s->pace_ns) {
		slots_close(s);
		return -ENOMEM;
	}
	pthread_mutex_init(&s->lock, NULL);
	queue_init(&s->ready);
	queue_init(&s->granted);
	queue_init(&s->shed);
	s->returned_end = &s->returned;
	for (unsigned i = 0; i < s->thread_count; i++)
		prepare_thread(s, i, statistics);
	l->hand = &s->thread[0].hand;
	ev_async_init(&s->wake, on_wake);
	ev_async_start(l->ev, &s->wake);
	return 0;
}

int slots_run(struct slots *s)
{
	int error = 0;

	for (unsigned i = 1; i < s->thread_count && !error; i++) {
		struct slot_thread *t = &s->thread[i];

		error = pthread_create(&t->thread, NULL, thread_main, t);
		t->is_started = !error;
	}
	if (error) {
		log_error("worker %u: cannot start its threads: %s", s->loop->worker,
			  strerror(error));
		return -error; /* the worker exits, and its threads with it */
	}
	thread_main(&s->thread[0]);
	for (unsigned i = 1; i < s->thread_count; i++)
		pthread_join(s->thread[i].thread, NULL);
	return 0;
}

void slots_stop(struct slots *s)
{
	pthread_mutex_lock(&s->lock);
	s->is_stopped = true;
	pthread_mutex_unlock(&s->lock);
}

void slots_close(struct slots *s)
{
	for (unsigned i = 0; s->thread && i < s->thread_count; i++)
		gzip_fini(&s->thread[i].hand.gzip);
	turnlock_fini(&s->handler_lock);
	free(s->thread);
	free(s->waiting);
	free(s->taken);
	free(s->running);
	free((void *)s->pace_ns);
	*s = (struct slots){ .thread = NULL };
}
