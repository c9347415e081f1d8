/* Shedding load.  Runs in: leader. */
#include "proc/overload.h"

#include "base/clock.h"
#include "proc/service.h"
#include "proc/worker.h"

/*
 * The queue is looked at so many times in a queue_timeout,
 * but not more often than every millisecond.
 */
#define LOOKS 10
#define LOOK_MIN_NS NS_PER_MS
#define LOOK_MAX_NS (100 * NS_PER_MS)

#define RETRY_MAX_S 60

uint64_t overload_waited_ns(const struct exchange *x, uint64_t now_ns)
{
	const uint64_t *at = x->stamps.at;

	return at[STAMP_READ] - at[STAMP_ARRIVED] +
	       (now_ns > at[STAMP_READY] ? now_ns - at[STAMP_READY] : 0);
}

/* Two leaders may look in the same moment: the queue may be over its limit by one a worker. */
bool overload_is_full(const struct worker *w)
{
	uint64_t max = w->heritage->options->max_queue, queued = 0;
	struct board *b = w->loop.board;

	if (!max || w->index == WORKER_STATISTICS)
		return false;
	for (unsigned i = 0; i < board_rows(b); i++) {
		struct worker_row *row = board_worker(b, i);

		if (atomic_load(&row->state) == WORKER_READY && worker_free_slots(row))
			return false;
		queued += atomic_load(&row->queued);
	}
	return queued >= max;
}

unsigned overload_retry_s(const struct worker *w)
{
	uint64_t oldest_ns = atomic_load(&w->loop.row->oldest_ns), now_ns = clock_mono_ns();
	uint64_t s = oldest_ns && oldest_ns < now_ns ? (now_ns - oldest_ns) / NS_PER_S + 1 : 1;

	return s < RETRY_MAX_S ? (unsigned)s : RETRY_MAX_S;
}

static void on_look(struct ev_loop *ev, ev_timer *t, int events)
{
	struct worker *w = t->data;
	uint64_t allowed_ns = w->heritage->options->queue_timeout_ns;
	struct exchange *x;

	(void)ev, (void)events;
	while ((x = slots_give_overdue(&w->slots, allowed_ns)))
		service_shed(&w->loop, x, COUNTER_SHED_QUEUE_TIMEOUT);
}

void overload_open(struct worker *w)
{
	uint64_t every_ns = w->heritage->options->queue_timeout_ns / LOOKS;

	if (!w->heritage->options->queue_timeout_ns)
		return;
	if (every_ns < LOOK_MIN_NS)
		every_ns = LOOK_MIN_NS;
	if (every_ns > LOOK_MAX_NS)
		every_ns = LOOK_MAX_NS;
	ev_timer_init(&w->queue_look, on_look, 0., (double)every_ns / NS_PER_S);
	w->queue_look.data = w;
	ev_timer_again(w->loop.ev, &w->queue_look);
}
