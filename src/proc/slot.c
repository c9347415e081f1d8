/* Running one handler in one slot.  Runs in: leader, slot. */
#include "proc/slot.h"

#include "base/clock.h"
#include "proc/service.h"

static uint32_t usual_ns(const struct slots *s, const struct exchange *x)
{
	return atomic_load_explicit(&s->pace_ns[x->route_index], memory_order_relaxed);
}

bool slot_is_slow(const struct slots *s, const struct exchange *x)
{
	uint32_t pace_ns = usual_ns(s, x);

	return pace_ns == 0 || pace_ns > s->promote_after_ns / 2;
}

/*
 * A sample counts no more than a few times what a leader may stay away, so that one request of
 * seconds does not make a fast route slow for long.
 */
static void learn_pace(struct slots *s, const struct exchange *x)
{
	uint64_t old = usual_ns(s, x);
	uint64_t sample = stamps_phase_ns(&x->stamps, PHASE_SERVICE);

	if (sample > s->promote_after_ns * 4)
		sample = s->promote_after_ns * 4;
	if (old)
		sample = (old * 7 + sample) / 8;
	atomic_store_explicit(&s->pace_ns[x->route_index], (uint32_t)(sample ? sample : 1),
			      memory_order_relaxed);
}

/* Thread CPU time costs a system call: of fast routes it is sampled. */
static bool measures_cpu(const struct slots *s, const struct exchange *x, const struct slot_row *row)
{
	uint32_t pace_ns = usual_ns(s, x);

	return pace_ns == 0 || pace_ns > 200 * NS_PER_US ||
	       atomic_load_explicit(&row->served, memory_order_relaxed) % 64 == 0;
}

static void show_busy(struct slot_row *row, const struct exchange *x, pid_t thread_id)
{
	atomic_store_explicit(&row->thread_id, (uint32_t)thread_id, memory_order_relaxed);
	atomic_store_explicit(&row->route, x->route_index, memory_order_relaxed);
	atomic_store_explicit(&row->arrived_ns, x->stamps.at[STAMP_ARRIVED], memory_order_relaxed);
	atomic_store_explicit(&row->since_ns, x->stamps.at[STAMP_STARTED], memory_order_relaxed);
	atomic_store_explicit(&row->state, SLOT_BUSY, memory_order_release);
}

static void show_idle(struct slot_row *row, uint64_t now_ns)
{
	atomic_store_explicit(&row->since_ns, now_ns, memory_order_relaxed);
	atomic_store_explicit(&row->served,
			      atomic_load_explicit(&row->served, memory_order_relaxed) + 1,
			      memory_order_relaxed);
	atomic_store_explicit(&row->state, SLOT_IDLE, memory_order_release);
}

static enum send_result skip(struct slot_thread *me, struct exchange *x)
{
	conn_abandon(&me->hand, x);
	if (me->hand.tally)
		board_leave(me->slots->loop->board, 1);
	return SEND_FAILED;
}

static void handle(struct slots *s, struct exchange *x)
{
	if (!s->has_lock) {
		service_handle(x);
		return;
	}
	turnlock_take(&s->handler_lock);
	x->lock = &s->handler_lock;
	service_handle(x);
	x->lock = NULL;
	turnlock_give(&s->handler_lock);
}

enum send_result slot_run(struct slot_thread *me, struct exchange *x)
{
	struct slots *s = me->slots;
	struct loop *l = s->loop;
	struct conn *c = x->conn;
	struct slot_row *row = &l->slot_row[x->slot];
	bool cpu = me->hand.tally && measures_cpu(s, x, row);

	if (conn_is_abandoned(&me->hand, x))
		return skip(me, x);
	x->concurrency = board_in_flight(l->board);
	service_start(&me->hand, x, FLOW_SLOT);
	show_busy(row, x, me->thread_id);
	hold_begin(&x->hold);
	uint64_t cpu_ns = cpu ? clock_thread_cpu_ns() : 0;
	handle(s, x);
	if (!hold_end(&x->hold))
		return SEND_WRITTEN_OFF;
	if (cpu) {
		x->stamps.cpu_ns = clock_thread_cpu_ns() - cpu_ns;
		x->stamps.has_cpu = true;
	}
	service_finish(&me->hand, x, FLOW_SLOT);
	learn_pace(s, x);
	show_idle(row, x->stamps.at[STAMP_FINISHED]);
	if (me->hand.tally)
		board_leave(l->board, 1);

	conn_answer(&me->hand, x);
	return conn_send(&me->hand, c);
}
