/* State x event -> actions.  Pure; runs in: master. */
#include "proc/arbiter.h"

#include <stddef.h>

#include "proc/arbiter_rules.h"

/* --- the end ---------------------------------------------------------------------- */

static bool is_empty(const struct arbiter *a)
{
	for (unsigned i = 0; i < a->seats; i++)
		if (a->seat[i].state != SEAT_EMPTY)
			return false;
	return true;
}

static void exit_if_alone(struct arbiter *a, struct script *s)
{
	if (!arbiter_is_stopping(a) || !is_empty(a))
		return;
	script_add(s, ACTION_EXIT, 0);
	s->actions[s->count - 1].status = a->status;
}

/* Those on their way have nothing to finish, and are not waited for as the others are. */
static void drain(struct arbiter *a, struct script *s)
{
	a->state = ARBITER_DRAINING;
	a->deadline_ns = s->now_ns + a->policy.graceful_ns;
	script_add(s, ACTION_DRAIN, 0);
	for (unsigned i = 0; i < a->seats; i++)
		if (a->seat[i].state == SEAT_STARTING)
			arbiter_dismiss(a, i, s);
	exit_if_alone(a, s);
}

static void end(struct arbiter *a, struct script *s)
{
	/* Asked again and again, it does not begin again. */
	if (a->state != ARBITER_ENDING)
		a->deadline_ns = s->now_ns + ARBITER_QUIT_NS;
	a->state = ARBITER_ENDING;
	script_add(s, ACTION_QUIT, 0);
	exit_if_alone(a, s);
}

/* --- boots that fail ---------------------------------------------------------------- */

static uint64_t retry_delay_ns(unsigned failures)
{
	uint64_t delay = ARBITER_RETRY_NS;

	while (--failures && delay < ARBITER_RETRY_MOST_NS)
		delay *= 2;
	return delay < ARBITER_RETRY_MOST_NS ? delay : ARBITER_RETRY_MOST_NS;
}

/* Workers of another edition that are not ready yet are not waited for. */
static void dismiss_starting(struct arbiter *a, struct script *s)
{
	for (unsigned i = 0; i < a->seats; i++)
		if (a->seat[i].state == SEAT_STARTING && a->seat[i].edition != a->edition)
			arbiter_retire(a, i, s);
}

static void revert(struct arbiter *a, struct script *s)
{
	a->edition = a->edition_before;
	a->policy = a->policy_before;
	a->failures = 0;
	a->retry_ns = 0;
	a->is_renewing = false;
	script_add(s, ACTION_REVERT, 0);
	dismiss_starting(a, s);
}

static void on_failed_boot(struct arbiter *a, int exit_status, struct script *s)
{
	bool knows_why = exit_status == ARBITER_BOOT_ERROR || exit_status == ARBITER_APP_ERROR;
	struct census c = arbiter_count(a);

	a->failures++;
	if (a->edition != a->edition_before &&
	    (knows_why || a->failures >= ARBITER_EDITION_FAILURES)) {
		revert(a, s);
		return;
	}
	a->retry_ns = s->now_ns + retry_delay_ns(a->failures);
	if (c.fresh_ready + c.stale_ready > 0 && a->state != ARBITER_STARTING)
		return; /* others serve: never give them up */
	/* Before the first success a worker's own word that it cannot start is final. */
	if ((a->state == ARBITER_STARTING && knows_why) || a->failures >= ARBITER_FAILURES) {
		a->status = knows_why ? exit_status : ARBITER_BOOT_ERROR;
		end(a, s);
	}
}

static uint64_t credit_ns(const struct arbiter *a)
{
	return (a->policy.workers + ARBITER_EARLY_FREE) * ARBITER_DEBT_NS;
}

static void make_debt(struct arbiter *a, bool is_killed, uint64_t now_ns)
{
	uint64_t most_ns = credit_ns(a) + ARBITER_DEBT_BEYOND * ARBITER_DEBT_NS;
	uint64_t paid_ns = now_ns - a->debt_at_ns;

	a->debt_ns = a->debt_ns > paid_ns ? a->debt_ns - paid_ns : 0;
	a->debt_ns += is_killed ? ARBITER_DEBT_KILLED_NS : ARBITER_DEBT_NS;
	if (a->debt_ns > most_ns)
		a->debt_ns = most_ns;
	a->debt_at_ns = now_ns;
}

/* One that hardly lived: killed by hand, or by its own start.  The latter must cost little. */
static void on_early_death(struct arbiter *a, bool is_killed, struct script *s)
{
	make_debt(a, is_killed, s->now_ns);
	if (a->debt_ns > credit_ns(a)) {
		uint64_t beyond_ns = a->debt_ns - credit_ns(a);

		a->retry_ns = s->now_ns +
			      retry_delay_ns(1 + (unsigned)((beyond_ns - 1) / ARBITER_DEBT_NS));
	}
}

/* Somebody kills workers as soon as they are there: not their fault, as long as it goes well. */
static bool forgive(struct arbiter *a, bool is_killed, uint64_t now_ns)
{
	if (!is_killed)
		return false;
	make_debt(a, is_killed, now_ns);
	return a->debt_ns <= credit_ns(a);
}

/* --- events --------------------------------------------------------------------------- */

static void on_begin(struct arbiter *a, const struct arbiter_event *e, struct script *s)
{
	(void)e;
	arbiter_settle(a, s);
}

static void on_ready(struct arbiter *a, const struct arbiter_event *e, struct script *s)
{
	struct seat *seat = &a->seat[e->seat];

	arbiter_note_birth(a, seat, s);
	if (seat->state != SEAT_STARTING)
		return;
	seat->state = SEAT_READY;
	seat->was_ready = true;
	seat->ready_ns = s->now_ns;
	a->failures = 0;
	if (seat->edition == a->edition) {
		a->edition_before = a->edition;
		a->policy_before = a->policy;
	}
	if (a->state == ARBITER_STARTING && arbiter_count(a).fresh_ready >= a->policy.workers) {
		a->state = ARBITER_SERVING;
		script_add(s, ACTION_READY, 0);
	}
	arbiter_settle(a, s);
}

static void on_wish(struct arbiter *a, const struct arbiter_event *e, struct script *s)
{
	a->seat[e->seat].wants_relief = true;
	a->seat[e->seat].is_hurt |= e->is_hurt;
	arbiter_settle(a, s);
}

static void on_leaving(struct arbiter *a, const struct arbiter_event *e, struct script *s)
{
	struct seat *seat = &a->seat[e->seat];

	arbiter_note_birth(a, seat, s);
	if (seat->state == SEAT_READY && !arbiter_is_stopping(a))
		arbiter_dismiss(a, e->seat, s);
	if (seat->state != SEAT_RETIRING)
		return;
	seat->takes_none = true;
	arbiter_settle(a, s);
}

static void on_exited(struct arbiter *a, const struct arbiter_event *e, struct script *s)
{
	struct seat was = a->seat[e->seat];

	a->seat[e->seat].state = SEAT_EMPTY;
	if (was.state == SEAT_EMPTY)
		return;
	if (arbiter_is_stopping(a)) {
		exit_if_alone(a, s);
		return;
	}
	if (was.state == SEAT_READY && s->now_ns - was.ready_ns < ARBITER_EARLY_NS)
		on_early_death(a, e->is_killed, s);
	else if (was.state != SEAT_RETIRING && !was.was_ready && !forgive(a, e->is_killed, s->now_ns))
		on_failed_boot(a, e->exit_status, s);
	arbiter_settle(a, s);
}

static void on_unforked(struct arbiter *a, const struct arbiter_event *e, struct script *s)
{
	const struct arbiter_event gone = { .seat = e->seat, .exit_status = -1 };

	on_exited(a, &gone, s);
}

static void on_silent(struct arbiter *a, const struct arbiter_event *e, struct script *s)
{
	struct seat *seat = &a->seat[e->seat];

	if ((seat->state != SEAT_READY && seat->state != SEAT_STARTING) || arbiter_is_stopping(a))
		return;
	seat->state = SEAT_DOOMED;
	seat->deadline_ns = s->now_ns + ARBITER_ABORT_NS;
	script_add(s, ACTION_ABORT, e->seat);
	arbiter_settle(a, s);
}

static void on_edition(struct arbiter *a, const struct arbiter_event *e, struct script *s)
{
	if (!arbiter_takes_edition(a))
		return;
	a->edition = e->edition;
	a->policy = e->policy;
	a->failures = 0;
	a->retry_ns = 0;
	a->is_renewing = true;
	dismiss_starting(a, s);
	arbiter_settle(a, s);
}

static void on_workers(struct arbiter *a, const struct arbiter_event *e, struct script *s)
{
	unsigned most = arbiter_workers_max(a->seats);

	a->policy.workers = e->workers < most ? e->workers : most;
	if (a->edition == a->edition_before)
		a->policy_before.workers = a->policy.workers;
	arbiter_settle(a, s);
}

static void on_term(struct arbiter *a, const struct arbiter_event *e, struct script *s)
{
	(void)e;
	if (a->state == ARBITER_SERVING && a->policy.delay_ns) {
		a->state = ARBITER_UNREADY;
		a->deadline_ns = s->now_ns + a->policy.delay_ns;
		script_add(s, ACTION_UNREADY, 0);
	} else if (a->state == ARBITER_SERVING || a->state == ARBITER_STARTING) {
		drain(a, s);
	} else {
		end(a, s);
	}
}

static void on_quit(struct arbiter *a, const struct arbiter_event *e, struct script *s)
{
	(void)e;
	end(a, s);
}

static void kill_overdue(struct arbiter *a, struct script *s)
{
	for (unsigned i = 0; i < a->seats; i++) {
		struct seat *seat = &a->seat[i];

		if (seat->state != SEAT_RETIRING && seat->state != SEAT_DOOMED)
			continue;
		if (s->now_ns < seat->deadline_ns)
			continue;
		seat->deadline_ns = s->now_ns + ARBITER_QUIT_NS;
		script_add(s, ACTION_KILL, i);
	}
}

static void on_tick(struct arbiter *a, const struct arbiter_event *e, struct script *s)
{
	(void)e;
	if (arbiter_is_stopping(a)) {
		if (s->now_ns < a->deadline_ns) {
			kill_overdue(a, s);
			return;
		}
		a->deadline_ns = s->now_ns + ARBITER_QUIT_NS;
		script_add(s, ACTION_KILL_ALL, 0);
	} else if (a->state == ARBITER_UNREADY && s->now_ns >= a->deadline_ns) {
		drain(a, s);
	} else {
		kill_overdue(a, s);
		arbiter_settle(a, s);
	}
}

/* --- from outside -------------------------------------------------------------------- */

unsigned arbiter_seats(unsigned workers)
{
	return 2 * workers + 14;
}

unsigned arbiter_seats_least(unsigned workers)
{
	return 2 * workers + 2;
}

/* One is kept for a successor, one for a predecessor that takes its time. */
unsigned arbiter_workers_max(unsigned seats)
{
	return seats - 2;
}

void arbiter_init(struct arbiter *a, struct seat *seat, unsigned seats, unsigned edition,
		  const struct arbiter_policy *policy)
{
	*a = (struct arbiter){
		.seat = seat,
		.seats = seats,
		.policy = *policy,
		.policy_before = *policy,
		.edition = edition,
		.edition_before = edition,
	};
	for (unsigned i = 0; i < seats; i++)
		seat[i] = (struct seat){ .state = SEAT_EMPTY };
}

bool arbiter_is_complete(const struct arbiter *a)
{
	struct census c = arbiter_count(a);

	return c.fresh_starting + c.fresh_ready >= a->policy.workers;
}

bool arbiter_needs_edition(const struct arbiter *a, unsigned edition)
{
	for (unsigned i = 0; i < a->seats; i++)
		if (a->seat[i].state != SEAT_EMPTY && a->seat[i].edition == edition)
			return true;
	return edition == a->edition || edition == a->edition_before;
}

bool arbiter_takes_edition(const struct arbiter *a)
{
	return a->state == ARBITER_STARTING || a->state == ARBITER_SERVING;
}

unsigned arbiter_handle(struct arbiter *a, const struct arbiter_event *e, struct action *actions)
{
	static void (*const on[EVENTS])(struct arbiter *, const struct arbiter_event *,
					struct script *) = {
		[EVENT_BEGIN] = on_begin,     [EVENT_READY] = on_ready,
		[EVENT_WISH] = on_wish,       [EVENT_LEAVING] = on_leaving,
		[EVENT_EXITED] = on_exited,   [EVENT_UNFORKED] = on_unforked,
		[EVENT_SILENT] = on_silent,   [EVENT_EDITION] = on_edition,
		[EVENT_WORKERS] = on_workers, [EVENT_TERM] = on_term,
		[EVENT_QUIT] = on_quit,       [EVENT_TICK] = on_tick,
	};
	struct script s = { .actions = actions, .now_ns = e->now_ns };

	on[e->kind](a, e, &s);
	return s.count;
}

static uint64_t earlier(uint64_t a_ns, uint64_t b_ns)
{
	return a_ns < b_ns ? a_ns : b_ns;
}

uint64_t arbiter_next_tick(const struct arbiter *a)
{
	uint64_t next = UINT64_MAX;

	if (a->state == ARBITER_UNREADY || arbiter_is_stopping(a))
		next = a->deadline_ns;
	if (a->retry_ns && !arbiter_is_complete(a) && !arbiter_is_stopping(a))
		next = earlier(next, a->retry_ns);
	for (unsigned i = 0; i < a->seats; i++)
		if (a->seat[i].state == SEAT_RETIRING || a->seat[i].state == SEAT_DOOMED)
			next = earlier(next, a->seat[i].deadline_ns);
	return next;
}
