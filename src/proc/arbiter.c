/* State x event -> actions.  Runs in: master. */
#include "proc/arbiter.h"

#include <stddef.h>

struct script {
	struct action *actions;
	unsigned count;
};

static void add(struct script *s, enum action_kind kind, unsigned seat, int status)
{
	s->actions[s->count++] = (struct action){ kind, seat, status };
}

static bool is_stopping(const struct arbiter *a)
{
	return a->state == ARBITER_DRAINING || a->state == ARBITER_ENDING;
}

static unsigned count_seats(const struct arbiter *a, enum seat_state state)
{
	unsigned n = 0;

	for (unsigned i = 0; i < a->seats; i++)
		n += a->seat[i].state == state;
	return n;
}

static void spawn(struct arbiter *a, struct script *s, unsigned seat)
{
	a->seat[seat].state = SEAT_STARTING;
	add(s, ACTION_SPAWN, seat, 0);
}

static void exit_if_alone(struct arbiter *a, struct script *s)
{
	if (is_stopping(a) && count_seats(a, SEAT_EMPTY) == a->seats)
		add(s, ACTION_EXIT, 0, a->status);
}

static void on_begin(struct arbiter *a, const struct arbiter_event *e, struct script *s)
{
	(void)e;
	for (unsigned i = 0; i < a->seats; i++)
		spawn(a, s, i);
}

static void on_ready(struct arbiter *a, const struct arbiter_event *e, struct script *s)
{
	struct seat *seat = &a->seat[e->seat];

	if (seat->state != SEAT_STARTING)
		return;
	seat->state = SEAT_READY;
	seat->failures = 0;
	a->failures = 0;
	if (a->state == ARBITER_STARTING && count_seats(a, SEAT_READY) == a->seats) {
		a->state = ARBITER_SERVING;
		add(s, ACTION_READY, 0, 0);
	}
}

static void end(struct arbiter *a, struct script *s, uint64_t now_ns, int status)
{
	a->state = ARBITER_ENDING;
	a->deadline_ns = now_ns + ARBITER_QUIT_NS;
	a->status = status;
	add(s, ACTION_QUIT, 0, 0);
	exit_if_alone(a, s);
}

static uint64_t retry_delay_ns(unsigned failures)
{
	uint64_t delay = ARBITER_RETRY_NS;

	while (--failures && delay < ARBITER_RETRY_MOST_NS)
		delay *= 2;
	return delay < ARBITER_RETRY_MOST_NS ? delay : ARBITER_RETRY_MOST_NS;
}

/* A worker that was never ready: it will not be better at once. */
static void on_failed_boot(struct arbiter *a, const struct arbiter_event *e, struct script *s)
{
	struct seat *seat = &a->seat[e->seat];
	bool knows_why = e->exit_status > 0;

	seat->failures++;
	a->failures++;
	/* Before the first success a worker's own word that it cannot start is final. */
	if ((a->state == ARBITER_STARTING && knows_why) || a->failures >= ARBITER_FAILURES)
		end(a, s, e->now_ns, knows_why ? e->exit_status : 3);
	else
		seat->retry_ns = e->now_ns + retry_delay_ns(seat->failures);
}

static void on_exited(struct arbiter *a, const struct arbiter_event *e, struct script *s)
{
	struct seat *seat = &a->seat[e->seat];
	bool was_ready = seat->state == SEAT_READY;

	if (seat->state == SEAT_EMPTY)
		return;
	seat->state = SEAT_EMPTY;
	seat->retry_ns = 0;
	if (is_stopping(a))
		exit_if_alone(a, s);
	else if (was_ready)
		spawn(a, s, e->seat);
	else
		on_failed_boot(a, e, s);
}

static void on_silent(struct arbiter *a, const struct arbiter_event *e, struct script *s)
{
	if (a->seat[e->seat].state == SEAT_READY && !is_stopping(a))
		add(s, ACTION_KILL, e->seat, 0);
}

static void on_term(struct arbiter *a, const struct arbiter_event *e, struct script *s)
{
	if (is_stopping(a)) {
		end(a, s, e->now_ns, a->status);
		return;
	}
	a->state = ARBITER_DRAINING;
	a->deadline_ns = e->now_ns + a->graceful_ns;
	add(s, ACTION_DRAIN, 0, 0);
	exit_if_alone(a, s);
}

static void on_quit(struct arbiter *a, const struct arbiter_event *e, struct script *s)
{
	end(a, s, e->now_ns, a->status);
}

static void on_tick(struct arbiter *a, const struct arbiter_event *e, struct script *s)
{
	if (is_stopping(a)) {
		if (e->now_ns < a->deadline_ns)
			return;
		a->deadline_ns = e->now_ns + ARBITER_QUIT_NS;
		add(s, ACTION_KILL_ALL, 0, 0);
		return;
	}
	for (unsigned i = 0; i < a->seats; i++)
		if (a->seat[i].state == SEAT_EMPTY && e->now_ns >= a->seat[i].retry_ns)
			spawn(a, s, i);
}

void arbiter_init(struct arbiter *a, struct seat *seat, unsigned seats, uint64_t graceful_ns)
{
	*a = (struct arbiter){ .seat = seat, .seats = seats, .graceful_ns = graceful_ns };
	for (unsigned i = 0; i < seats; i++)
		seat[i] = (struct seat){ .state = SEAT_EMPTY };
}

unsigned arbiter_handle(struct arbiter *a, const struct arbiter_event *e, struct action *actions)
{
	static void (*const on[])(struct arbiter *, const struct arbiter_event *, struct script *) = {
		[EVENT_BEGIN] = on_begin,   [EVENT_READY] = on_ready, [EVENT_EXITED] = on_exited,
		[EVENT_SILENT] = on_silent, [EVENT_TERM] = on_term,   [EVENT_QUIT] = on_quit,
		[EVENT_TICK] = on_tick,
	};
	struct script s = { .actions = actions };

	on[e->kind](a, e, &s);
	return s.count;
}

uint64_t arbiter_next_tick(const struct arbiter *a)
{
	uint64_t next = UINT64_MAX;

	if (is_stopping(a))
		return a->deadline_ns;
	for (unsigned i = 0; i < a->seats; i++)
		if (a->seat[i].state == SEAT_EMPTY && a->seat[i].retry_ns < next)
			next = a->seat[i].retry_ns;
	return next;
}
