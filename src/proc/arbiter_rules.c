/* The two rules: fill and relieve.  Pure; runs in: master. */
#include "proc/arbiter_rules.h"

#include <stddef.h>

void script_add(struct script *s, enum action_kind kind, unsigned seat)
{
	s->actions[s->count++] = (struct action){ .kind = kind, .seat = seat };
}

/* --- looking ------------------------------------------------------------------- */

bool arbiter_is_stopping(const struct arbiter *a)
{
	return a->state == ARBITER_DRAINING || a->state == ARBITER_ENDING;
}

static bool is_stale(const struct arbiter *a, const struct seat *seat)
{
	return seat->edition != a->edition || seat->wants_relief;
}

struct census arbiter_count(const struct arbiter *a)
{
	struct census c = { 0 };

	for (unsigned i = 0; i < a->seats; i++) {
		const struct seat *seat = &a->seat[i];

		if (seat->state == SEAT_STARTING)
			c.fresh_starting += !is_stale(a, seat);
		else if (seat->state == SEAT_READY && is_stale(a, seat))
			c.stale_ready++;
		else if (seat->state == SEAT_READY)
			c.fresh_ready++;
	}
	return c;
}

/* The first in that state, or a->seats. */
static unsigned find(const struct arbiter *a, enum seat_state state)
{
	unsigned i = 0;

	while (i < a->seats && a->seat[i].state != state)
		i++;
	return i;
}

/* Who goes first: stale before fresh, then the one that has served longest. */
static bool goes_before(const struct arbiter *a, const struct seat *x, const struct seat *y)
{
	if (is_stale(a, x) != is_stale(a, y))
		return is_stale(a, x);
	return x->ready_ns < y->ready_ns;
}

static unsigned find_to_retire(const struct arbiter *a)
{
	unsigned found = a->seats;

	for (unsigned i = 0; i < a->seats; i++)
		if (a->seat[i].state == SEAT_READY &&
		    (found == a->seats || goes_before(a, &a->seat[i], &a->seat[found])))
			found = i;
	return found;
}

/* --- the two rules --------------------------------------------------------------- */

static bool is_fresh(const struct arbiter *a, const struct seat *seat)
{
	return (seat->state == SEAT_STARTING || seat->state == SEAT_READY) && !is_stale(a, seat);
}

/* The lane with the fewest who stay in it. */
static unsigned emptiest_lane(struct arbiter *a)
{
	unsigned lane = 0;

	for (unsigned i = 0; i < a->seats; i++)
		a->seat[i].scratch = 0;
	for (unsigned i = 0; i < a->seats; i++)
		if (is_fresh(a, &a->seat[i]))
			a->seat[a->seat[i].lane].scratch++;
	for (unsigned i = 1; i < a->policy.workers; i++)
		if (a->seat[i].scratch < a->seat[lane].scratch)
			lane = i;
	return lane;
}

static void spawn(struct arbiter *a, unsigned seat, struct script *s)
{
	unsigned lane = emptiest_lane(a);

	a->seat[seat] = (struct seat){ .state = SEAT_STARTING, .edition = a->edition, .lane = lane };
	script_add(s, ACTION_SPAWN, seat);
	s->actions[s->count - 1].lane = lane;
}

static void fill(struct arbiter *a, struct script *s)
{
	unsigned workers = a->policy.workers;
	unsigned most = workers + (a->policy.all_at_once ? workers : 1);
	struct census c = arbiter_count(a);
	unsigned seat = find(a, SEAT_EMPTY);

	if (s->now_ns < a->retry_ns)
		return;
	a->retry_ns = 0;
	while (c.fresh_starting + c.fresh_ready < workers &&
	       c.fresh_starting + c.fresh_ready + c.stale_ready < most && seat < a->seats) {
		spawn(a, seat, s);
		c.fresh_starting++;
		seat = find(a, SEAT_EMPTY);
	}
}

/* How long it may take to leave. */
static uint64_t patience_ns(const struct arbiter *a, const struct seat *seat)
{
	uint64_t graceful_ns = a->policy.graceful_ns;
	uint64_t slots_ns = a->policy.slot_ns + ARBITER_LOOK_NS;

	if (!seat->was_ready)
		return graceful_ns < ARBITER_UNBORN_NS ? graceful_ns : ARBITER_UNBORN_NS;
	/* By then its other slots are done, or written off as well. */
	if (seat->is_hurt && graceful_ns < slots_ns)
		return slots_ns;
	return graceful_ns;
}

void arbiter_dismiss(struct arbiter *a, unsigned seat, struct script *s)
{
	a->seat[seat].state = SEAT_RETIRING;
	a->seat[seat].deadline_ns = s->now_ns + patience_ns(a, &a->seat[seat]);
}

void arbiter_note_birth(struct arbiter *a, struct seat *seat, struct script *s)
{
	if (seat->state != SEAT_RETIRING || seat->was_ready)
		return;
	seat->was_ready = true;
	seat->deadline_ns =
		arbiter_is_stopping(a) ? a->deadline_ns : s->now_ns + a->policy.graceful_ns;
}

void arbiter_retire(struct arbiter *a, unsigned seat, struct script *s)
{
	arbiter_dismiss(a, seat, s);
	script_add(s, ACTION_RETIRE, seat);
}

/* All at once: the stale stay until the fresh suffice, if there are seats for so many. */
static bool holds_back(const struct arbiter *a, const struct census *c)
{
	return a->policy.all_at_once && c->fresh_ready < a->policy.workers &&
	       (c->fresh_starting || find(a, SEAT_EMPTY) < a->seats);
}

static void relieve(struct arbiter *a, struct script *s)
{
	struct census c = arbiter_count(a);
	unsigned most = a->policy.workers, ready = c.fresh_ready + c.stale_ready;

	if (holds_back(a, &c))
		most += c.fresh_ready;
	for (; ready > most; ready--)
		arbiter_retire(a, find_to_retire(a), s);
}

/* Does it still take what it should leave to the new edition? */
static bool is_in_the_way(const struct arbiter *a, const struct seat *seat)
{
	return seat->edition != a->edition &&
	       (seat->state == SEAT_READY || (seat->state == SEAT_RETIRING && !seat->takes_none));
}

static void note_renewal(struct arbiter *a, struct script *s)
{
	if (!a->is_renewing || arbiter_count(a).fresh_ready < a->policy.workers)
		return;
	for (unsigned i = 0; i < a->seats; i++)
		if (is_in_the_way(a, &a->seat[i]))
			return;
	a->is_renewing = false;
	script_add(s, ACTION_RENEWED, 0);
}

void arbiter_settle(struct arbiter *a, struct script *s)
{
	if (arbiter_is_stopping(a))
		return;
	fill(a, s);
	relieve(a, s);
	fill(a, s);
	note_renewal(a, s);
}
