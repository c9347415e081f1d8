/*
 * Requests of the generator, from the moment they are issued to their end.  Runs in: the
 * generator's one thread.
 */
#include "cmd/bench_call.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"

#define ISSUE_BATCH 256           /* then look at the answers again */
#define PAUSE_NS (10 * NS_PER_MS) /* of a user whose connection failed */
#define RETRY_NS (1 * NS_PER_MS)  /* the listener's backlog was full */

/* --- ends ------------------------------------------------------------------ */

static void log_call(struct client *c, const struct ending *e)
{
	if (!c->log)
		return;
	fprintf(c->log, "%lu,%u,%s,%lu,%lu\n", e->intended_ns - c->start_ns, e->target,
		outcome_names[e->outcome], e->ended_ns - e->intended_ns,
		e->sent_ns ? e->ended_ns - e->sent_ns : 0);
}

/* By the time it is due; nearly always at the end. */
static void think(struct client *c, struct call *call, uint64_t due_ns)
{
	struct list *before = c->thinking.prev;

	while (before != &c->thinking && list_entry(before, struct call, node)->intended_ns > due_ns)
		before = before->prev;
	call->intended_ns = due_ns;
	list_append(before->next, &call->node);
}

static void end_call(struct client *c, struct call *call, enum outcome outcome)
{
	struct ending e = {
		.intended_ns = call->intended_ns,
		.sent_ns = call->sent_ns,
		.ended_ns = clock_mono_ns(),
		.target = call->target,
		.outcome = outcome,
		.at = call->at,
	};

	flow_leave(&c->result->flow, e.intended_ns, e.ended_ns);
	if (call->is_measured) {
		result_end(c->result, &e);
		log_call(c, &e);
	}
	list_remove(&call->node);
	if (bench_is_open(c->o) || !c->is_issuing)
		pool_put(&c->call_pool, call);
	else if (outcome < OUTCOME_REFUSED || c->o->think_ns > PAUSE_NS)
		think(c, call, e.ended_ns + c->o->think_ns);
	else
		think(c, call, e.ended_ns + PAUSE_NS);
}

void client_drop_link(struct client *c, struct link *l)
{
	link_close(l);
	pool_put(&c->link_pool, l);
	c->links--;
}

/* The server may close a kept-alive connection just as it is used: then it is asked anew. */
static bool is_worth_another_try(const struct link *l, const struct call *call, enum outcome outcome)
{
	return (outcome == OUTCOME_RESET || outcome == OUTCOME_CLOSED) && l->was_used &&
	       !l->has_begun && !call->was_retried;
}

void client_on_end(struct link *l, enum outcome outcome)
{
	struct client *c = l->shared->owner;
	struct call *call = l->call;

	c->busy--;
	if (is_worth_another_try(l, call, outcome)) {
		call->was_retried = true;
		c->result->retries++;
		list_append(c->waiting.next, &call->node); /* in front */
	} else {
		end_call(c, call, outcome);
	}
	list_remove(&l->node);
	if (l->can_stay && c->o->keep_alive)
		list_append(&c->idle[l->endpoint], &l->node);
	else
		client_drop_link(c, l);
}

void client_on_lost(struct link *l)
{
	struct client *c = l->shared->owner;

	c->result->reconnects++;
	client_drop_link(c, l);
}

static void expire_waiting(struct client *c, uint64_t now_ns)
{
	for (struct list *at = c->waiting.next, *next; at != &c->waiting; at = next) {
		struct call *call = list_entry(at, struct call, node);

		next = at->next;
		if (now_ns - call->intended_ns <= c->o->timeout_ns)
			return; /* the oldest wait in front */
		end_call(c, call, OUTCOME_TIMEOUT);
	}
}

static void expire_asking(struct client *c, uint64_t now_ns)
{
	for (struct list *at = c->asking.next, *next; at != &c->asking; at = next) {
		struct link *l = list_entry(at, struct link, node);

		next = at->next;
		if (now_ns - ((struct call *)l->call)->intended_ns <= c->o->timeout_ns)
			continue;
		link_abort(l);
		client_on_end(l, OUTCOME_TIMEOUT);
	}
}

void client_expire(struct client *c, uint64_t now_ns)
{
	expire_waiting(c, now_ns);
	expire_asking(c, now_ns);
}

bool client_is_hopeless(struct client *c, uint64_t now_ns)
{
	if (c->is_issuing || c->o->requests)
		return false;
	flow_advance(&c->result->flow, now_ns);
	return result_is_unstable(c->result);
}

void client_abandon(struct client *c)
{
	while (!list_is_empty(&c->waiting))
		end_call(c, list_entry(c->waiting.next, struct call, node), OUTCOME_UNFINISHED);
	while (!list_is_empty(&c->asking)) {
		struct link *l = list_entry(c->asking.next, struct link, node);

		link_abort(l);
		c->busy--;
		end_call(c, l->call, OUTCOME_UNFINISHED);
		client_drop_link(c, l);
	}
}

/* --- beginnings ------------------------------------------------------------ */

int client_open_link(struct client *c, unsigned endpoint, bool is_patient, struct link **opened)
{
	struct link *l = pool_get(&c->link_pool);

	if (!l)
		return -ENOMEM;
	int error = link_open(l, &c->shared, &c->o->targets.endpoint[endpoint], is_patient);
	if (error) {
		pool_put(&c->link_pool, l);
		return error;
	}
	l->endpoint = endpoint;
	c->links++;
	c->result->connects++;
	*opened = l;
	return 0;
}

/* The connection idle longest, so that all of a pool are used; or a new one. */
static int find_link(struct client *c, unsigned endpoint, bool must_be_new, struct link **found)
{
	struct list *idle = list_first(&c->idle[endpoint]);

	if (!idle || must_be_new)
		return client_open_link(c, endpoint, false, found);
	*found = list_entry(idle, struct link, node);
	list_remove(idle);
	return 0;
}

/*
 * It may go better soon: the listener's backlog was full, or others hold all descriptors and
 * ports that there are.
 */
static bool is_worth_waiting(struct client *c, int error)
{
	bool is_short = error && outcome_of_error(error) == OUTCOME_LOCAL && c->busy > 0;

	c->result->was_short |= is_short;
	return is_short || error == -EAGAIN;
}

/* False when it must wait. */
static bool try_to_ask(struct client *c, struct call *call)
{
	const struct target *t = &c->o->targets.target[call->target];
	uint64_t now = clock_mono_ns();
	struct link *l;

	if (c->o->max_in_flight && c->busy >= c->o->max_in_flight)
		return false;
	int error = find_link(c, t->endpoint, call->was_retried, &l);
	if (is_worth_waiting(c, error)) {
		c->is_blocked = true;
		return false;
	}
	if (!call->sent_ns)
		call->sent_ns = now;
	list_remove(&call->node);
	if (error) {
		if (outcome_of_error(error) == OUTCOME_CONNECT && !c->result->connect_error)
			c->result->connect_error = -error;
		end_call(c, call, outcome_of_error(error));
		return true;
	}
	c->busy++;
	list_append(&c->asking, &l->node);
	link_send(l, t, call);
	return true;
}

static void ask_waiting(struct client *c)
{
	c->is_blocked = false;
	for (int n = 0; n < ISSUE_BATCH && !list_is_empty(&c->waiting); n++)
		if (!try_to_ask(c, list_entry(c->waiting.next, struct call, node)))
			return;
}

static double place_in_window(const struct client *c, uint64_t intended_ns)
{
	if (c->o->requests)
		return (double)c->issued / (double)c->o->requests;
	return (double)(intended_ns - c->open_ns) / (double)(c->close_ns - c->open_ns);
}

void client_stop_issuing(struct client *c, uint64_t now_ns)
{
	c->is_issuing = false;
	if (bench_is_open(c->o) && c->o->requests)
		flow_close(&c->result->flow, now_ns);
}

static void issue(struct client *c, struct call *call, uint64_t intended_ns, uint64_t now_ns)
{
	call->intended_ns = intended_ns;
	call->sent_ns = 0;
	call->was_retried = false;
	call->is_measured = intended_ns >= c->open_ns;
	flow_enter(&c->result->flow, intended_ns, now_ns);
	if (call->is_measured) {
		call->at = place_in_window(c, intended_ns);
		result_offer(c->result, call->target);
		hist_record(&c->result->lag, now_ns - intended_ns);
		c->issued++;
	}
	if (!list_is_empty(&c->waiting) || !try_to_ask(c, call)) {
		c->result->held += call->is_measured;
		list_append(&c->waiting, &call->node);
	}
	if (c->o->requests && c->issued >= c->o->requests)
		client_stop_issuing(c, now_ns);
}

static uint64_t next_arrival_ns(const struct client *c)
{
	struct list *first = list_first(&c->thinking);

	if (bench_is_open(c->o))
		return c->start_ns + c->next.at_ns;
	return first ? list_entry(first, struct call, node)->intended_ns : UINT64_MAX;
}

bool client_has_issued_all(const struct client *c)
{
	return !bench_is_open(c->o) || next_arrival_ns(c) >= c->close_ns;
}

static struct call *new_call(struct client *c)
{
	struct call *call = pool_get(&c->call_pool);

	if (call) {
		memset(call, 0, sizeof *call);
		list_init(&call->node);
	}
	return call;
}

/* What was meant for before the window's end still goes out behind it. */
static void issue_planned(struct client *c, uint64_t now_ns)
{
	for (int n = 0; n < ISSUE_BATCH && c->is_issuing && next_arrival_ns(c) <= now_ns &&
			!client_has_issued_all(c);
	     n++) {
		struct call *call = new_call(c);

		if (!call) { /* as hopeless as it is unlikely */
			c->result->was_stopped = true;
			client_stop_issuing(c, now_ns);
			return;
		}
		call->target = c->next.target;
		issue(c, call, c->start_ns + c->next.at_ns, now_ns);
		c->next = plan_next(&c->plan);
	}
}

static void issue_thinkers(struct client *c, uint64_t now_ns)
{
	for (int n = 0; n < ISSUE_BATCH && c->is_issuing; n++) {
		struct list *first = list_first(&c->thinking);
		struct call *call = first ? list_entry(first, struct call, node) : NULL;

		if (!call || call->intended_ns > now_ns)
			return;
		list_remove(first);
		call->target = plan_choose(&c->plan);
		issue(c, call, now_ns, now_ns);
	}
}

void client_issue(struct client *c, uint64_t now_ns)
{
	ask_waiting(c);
	if (bench_is_open(c->o))
		issue_planned(c, now_ns);
	else
		issue_thinkers(c, now_ns);
}

int client_add_user(struct client *c)
{
	struct call *call = new_call(c);

	if (!call)
		return -ENOMEM;
	call->intended_ns = c->start_ns;
	list_append(&c->thinking, &call->node);
	return 0;
}

uint64_t client_due_ns(const struct client *c, uint64_t now_ns)
{
	bool has_room = !c->o->max_in_flight || c->busy < c->o->max_in_flight;
	uint64_t due = UINT64_MAX;

	if (c->is_issuing) {
		due = next_arrival_ns(c);
		due = c->close_ns < due ? c->close_ns : due;
	}
	if (list_is_empty(&c->waiting) || !has_room)
		return due;
	uint64_t again = c->is_blocked ? now_ns + RETRY_NS : now_ns;
	return again < due ? again : due;
}
