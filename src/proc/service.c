/* One request's way to its handler.  Runs in: leader; start, handle, finish also in a slot. */
#include "proc/service.h"

#include <assert.h>
#include <stdio.h>

#include "app/api.h"
#include "base/clock.h"
#include "proc/overload.h"
#include "proc/worker.h"

static void start_at(struct hand *h, struct exchange *x, enum flow_id where, uint64_t at_ns)
{
	stamps_mark(&x->stamps, STAMP_STARTED, at_ns);
	if (h->tally)
		tally_started(h->tally, &x->stamps, where);
}

void service_start(struct hand *h, struct exchange *x, enum flow_id where)
{
	x->hand = h;
	start_at(h, x, where, clock_mono_ns());
}

void service_finish(struct hand *h, struct exchange *x, enum flow_id where)
{
	stamps_mark(&x->stamps, STAMP_FINISHED, clock_mono_ns());
	if (h->tally)
		tally_finished(h->tally, &x->stamps, where);
}

void service_handle(struct exchange *x)
{
	api_handle(x);
	conn_encode(x);
}

static bool is_options(const struct exchange *x)
{
	return slice_eq(request_slice(&x->request, x->request.method), LTD_SLICE("OPTIONS"));
}

/* What the path takes: all there is to say to OPTIONS (RFC 9110 9.3.7), and with a 405. */
static void write_allowed(struct exchange *x, const struct ltd_route *route)
{
	char allow[MOUNT_ALLOW_BYTES];

	if (!is_options(x))
		response_error(&x->response, 405, LTD_SLICE("this path does not take this method"));
	response_field(&x->response, LTD_SLICE("Allow"), mount_allow(route, allow));
}

/* The server as a whole (RFC 9110 9.3.7): what methods any of its paths may take. */
static const struct ltd_route any_path = { .methods = LTD_ANY_METHOD };

/* For want of a handler. */
static void write_verdict(struct exchange *x, const struct mount_entry *entry)
{
	if (entry)
		write_allowed(x, entry->route);
	else if (x->request.asks_of_server)
		write_allowed(x, &any_path);
	else
		response_error(&x->response, 404, LTD_SLICE("there is nothing at this path"));
}

static void answer_plainly(struct loop *l, struct exchange *x, const struct mount_entry *entry)
{
	service_start(l->hand, x, FLOW_INLINE);
	write_verdict(x, entry);
	service_finish(l->hand, x, FLOW_INLINE);
	conn_answer(l->hand, x);
}

static void answer_inline(struct loop *l, struct exchange *x)
{
	x->concurrency = board_in_flight(l->board) + 1;
	service_start(l->hand, x, FLOW_INLINE);
	service_handle(x);
	service_finish(l->hand, x, FLOW_INLINE);
	conn_answer(l->hand, x);
}

/*
 * A slot route's attempt.  Only one that answered has started a handler: one that gives up has
 * left no stamp, and the request waits on.
 */
static bool answer_at_once(struct loop *l, struct exchange *x)
{
	if (!x->route->attempt)
		return false;
	uint64_t started_ns = clock_mono_ns();
	x->hand = l->hand;
	if (!api_attempt(x))
		return false;
	x->concurrency = board_in_flight(l->board) + 1;
	start_at(l->hand, x, FLOW_INLINE, started_ns);
	conn_encode(x);
	service_finish(l->hand, x, FLOW_INLINE);
	conn_answer(l->hand, x);
	return true;
}

/* The entry of the request's path and method. */
static enum mount_verdict find(const struct mounts *m, const struct exchange *x,
			       const struct mount_entry **entry)
{
	struct ltd_slice path = request_path(&x->request);

	if (x->request.asks_of_server)
		return MOUNT_NOT_FOUND;
	return mounts_find(m, path, mount_method_bit(request_slice(&x->request, x->request.method)),
			   entry);
}

static void direct(struct exchange *x, const struct mount_entry *entry)
{
	x->route = entry->route;
	x->mount = entry->mount;
	x->route_index = entry->row;
}

static enum mount_verdict find_and_direct(struct loop *l, struct exchange *x,
					  const struct mount_entry **entry)
{
	const struct worker *w = l->owner;
	enum mount_verdict verdict = find(w->mounts, x, entry);

	if (*entry)
		direct(x, *entry);
	else
		x->route_index = w->mounts->row_not_found;
	return verdict;
}

static const char *why_overloaded(enum counter why)
{
	switch (why) {
	case COUNTER_SHED_QUEUE_FULL:
		return "too many requests wait already";
	case COUNTER_SHED_QUEUE_TIMEOUT:
		return "it has waited too long for a slot";
	default:
		return "requests wait too long at present";
	}
}

static void answer_overloaded(struct loop *l, struct exchange *x, enum counter why)
{
	char seconds[16];
	int n = snprintf(seconds, sizeof seconds, "%u", overload_retry_s(l->owner));

	service_start(l->hand, x, FLOW_INLINE);
	x->stamps.was_skipped = true; /* else the refusals would pass for very fast service */
	response_error(&x->response, 503, slice_of_string(why_overloaded(why)));
	response_field(&x->response, LTD_SLICE("Retry-After"), slice_of(seconds, (size_t)n));
	service_finish(l->hand, x, FLOW_INLINE);
	if (l->hand->tally)
		tally_count(l->hand->tally, why, 1);
	conn_answer(l->hand, x);
}

void service_shed(struct loop *l, struct exchange *x, enum counter why)
{
	struct conn *c = x->conn;

	answer_overloaded(l, x, why);
	if (l->hand->tally)
		board_leave(l->board, 1);
	conn_resume(c, conn_send(l->hand, c));
}

/* What is answered before it on the same connection need not wait for it. */
static void await_slot(struct loop *l, struct exchange *x)
{
	struct worker *w = l->owner;

	if (x->conn->answered)
		conn_send(l->hand, x->conn); /* if it blocks or fails, the next one finds out */
	slots_submit(&w->slots, x);
}

/* False: it is in the queue. */
static bool answer_or_queue(struct loop *l, struct exchange *x)
{
	if (answer_at_once(l, x))
		return true;
	if (overload_is_full(l->owner)) {
		answer_overloaded(l, x, COUNTER_SHED_QUEUE_FULL);
		return true;
	}
	await_slot(l, x);
	return false;
}

bool service_request(struct loop *l, struct exchange *x)
{
	const struct mount_entry *entry = NULL;
	enum mount_verdict verdict = find_and_direct(l, x, &entry);

	recycle_count(l->owner);
	if (verdict == MOUNT_FOUND && entry->route->class == LTD_SLOT)
		return answer_or_queue(l, x);
	if (verdict == MOUNT_FOUND)
		answer_inline(l, x);
	else
		answer_plainly(l, x, entry);
	return true;
}

bool service_wants_body(struct loop *l, struct exchange *x)
{
	const struct mount_entry *entry = NULL;

	if (find_and_direct(l, x, &entry) == MOUNT_FOUND || is_options(x))
		return true;
	recycle_count(l->owner);
	conn_skip_handler(l->hand, x, clock_mono_ns());
	write_verdict(x, entry);
	x->wants_close = true; /* who knows whether the body comes all the same */
	conn_answer(l->hand, x);
	return false;
}

void service_accept_moved(struct loop *l, struct exchange *x, bool has_slot)
{
	struct worker *w = l->owner;
	const struct mount_entry *entry = NULL;

	if (find(w->mounts, x, &entry) == MOUNT_FOUND && entry->route->class == LTD_SLOT) {
		direct(x, entry);
		slots_submit_moved(&w->slots, x, has_slot);
		return;
	}
	/* Its worker is of another edition of the configuration, where this path needs a slot. */
	struct conn *c = x->conn;
	if (has_slot)
		worker_release_slot(l->row, w->slots.generation);
	if (l->hand->tally)
		board_leave(l->board, 1);
	if (service_request(l, x))
		conn_resume(c, conn_send(l->hand, c));
}
