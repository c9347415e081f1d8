/* Finding slots held for too long, and settling for them.  Runs in: leader. */
#include "proc/writeoff.h"

#include "base/clock.h"
#include "base/log.h"
#include "proc/backtrace.h"
#include "proc/overload.h"
#include "proc/service.h"
#include "proc/worker.h"

/* The slots are looked at so many times in a timeout. */
#define LOOKS 20
#define LOOK_MIN_NS (10 * NS_PER_MS)
#define LOOK_MAX_NS (250 * NS_PER_MS)

static void report(const struct worker *w, const struct slot_overrun *o)
{
	const struct exchange *x = o->x;

	log_error("worker %u: slot %u written off: the handler of %s has run for %.3g s (timeout "
		  "%.3g s), "
		  "thread %d is at:",
		  w->index, x->slot, board_route(w->loop.board, x->route_index)->name,
		  (double)o->age_ns / NS_PER_S, (double)w->heritage->options->timeout_ns / NS_PER_S,
		  (int)o->thread_id);
}

/* The client's part: an answer in the handler's stead, or an end. */
static void settle(struct worker *w, const struct slot_overrun *o)
{
	struct hand *h = w->loop.hand;
	struct conn *husk = o->x->conn;

	if (h->tally) {
		tally_count(h->tally, COUNTER_WRITTEN_OFF, 1);
		board_leave(w->loop.board, 1);
	}
	struct conn *c = o->has_begun ? NULL : conn_write_off(husk);
	if (!c) {
		conn_cut_off(husk);
		return;
	}
	struct exchange *x = c->x;
	response_error(&x->response, 504, LTD_SLICE("the handler of this path took too long"));
	x->wants_close = true;
	service_finish(h, x, FLOW_SLOT);
	conn_answer(h, x);
	conn_resume(c, conn_send(h, c));
}

static void on_look(struct ev_loop *ev, ev_timer *t, int events)
{
	struct worker *w = t->data;
	struct slot_overrun o;
	bool is_hurt = false;

	(void)ev, (void)events;
	while (slots_write_off(&w->slots, w->heritage->options->timeout_ns, &o)) {
		report(w, &o);
		settle(w, &o);
		/*
		 * The thread may take its time to say where
		 * it is: its client has its answer by now.
		 */
		backtrace_of_thread(o.thread_id, log_descriptor());
		is_hurt = true;
	}
	if (is_hurt)
		worker_retire(w, RELIEF_HURT, "a slot was written off");
}

void writeoff_open(struct worker *w)
{
	uint64_t every_ns = w->heritage->options->timeout_ns / LOOKS;

	if (!w->heritage->options->timeout_ns)
		return;
	if (every_ns < LOOK_MIN_NS)
		every_ns = LOOK_MIN_NS;
	if (every_ns > LOOK_MAX_NS)
		every_ns = LOOK_MAX_NS;
	ev_timer_init(&w->deadline_look, on_look, 0., (double)every_ns / NS_PER_S);
	w->deadline_look.data = w;
	ev_timer_again(w->loop.ev, &w->deadline_look);
}
