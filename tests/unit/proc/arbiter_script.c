#include "arbiter_script.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

struct arbiter arbiter;
struct seat seats[SEATS];
static struct action actions[ARBITER_ACTIONS(SEATS)];
static unsigned count;
uint64_t now_ns;
char done[1024];

static const struct arbiter_policy policy = { .workers = WORKERS, .graceful_ns = 30 * S };

static const char *const names[ACTIONS] = {
	[ACTION_SPAWN] = "spawn",   [ACTION_RETIRE] = "retire",   [ACTION_ABORT] = "abort",
	[ACTION_KILL] = "kill",     [ACTION_READY] = "READY",     [ACTION_RENEWED] = "RENEWED",
	[ACTION_REVERT] = "REVERT", [ACTION_UNREADY] = "UNREADY", [ACTION_DRAIN] = "DRAIN",
	[ACTION_QUIT] = "QUIT",     [ACTION_KILL_ALL] = "KILL",   [ACTION_EXIT] = "EXIT",
};

static void write_down(void)
{
	size_t n = 0;

	done[0] = '\0';
	for (unsigned i = 0; i < count; i++) {
		const struct action *a = &actions[i];
		bool has_seat = a->kind <= ACTION_KILL;

		n += (size_t)snprintf(done + n, sizeof done - n, "%s%s", n ? ", " : "",
				      names[a->kind]);
		if (has_seat || a->kind == ACTION_EXIT)
			n += (size_t)snprintf(done + n, sizeof done - n, " %u",
					      has_seat ? a->seat : (unsigned)a->status);
	}
}

static const char *handle(struct arbiter_event e)
{
	e.now_ns = now_ns;
	count = arbiter_handle(&arbiter, &e, actions);
	ck_assert_uint_le(count, ARBITER_ACTIONS(SEATS));
	write_down();
	return done;
}

const char *on(enum arbiter_event_kind kind)
{
	return handle((struct arbiter_event){ .kind = kind });
}

const char *at_seat(enum arbiter_event_kind kind, unsigned seat)
{
	return handle((struct arbiter_event){ .kind = kind, .seat = seat });
}

const char *ready(unsigned seat)
{
	return at_seat(EVENT_READY, seat);
}

const char *exits(unsigned seat, int status)
{
	return handle(
		(struct arbiter_event){ .kind = EVENT_EXITED, .seat = seat, .exit_status = status });
}

const char *is_killed(unsigned seat)
{
	return handle((struct arbiter_event){
		.kind = EVENT_EXITED, .seat = seat, .exit_status = -1, .is_killed = true });
}

const char *is_hurt(unsigned seat)
{
	return handle((struct arbiter_event){ .kind = EVENT_WISH, .seat = seat, .is_hurt = true });
}

const char *wants_workers(unsigned workers)
{
	return handle((struct arbiter_event){ .kind = EVENT_WORKERS, .workers = workers });
}

const char *gets_edition(unsigned edition, unsigned workers, bool all_at_once)
{
	struct arbiter_event e = { .kind = EVENT_EDITION, .edition = edition, .policy = policy };

	e.policy.workers = workers;
	e.policy.all_at_once = all_at_once;
	return handle(e);
}

uint64_t pass_time(const char *expected)
{
	uint64_t before_ns = now_ns, due_ns = arbiter_next_tick(&arbiter);

	ck_assert_uint_ne(due_ns, UINT64_MAX);
	ck_assert_uint_gt(due_ns, now_ns);
	now_ns = due_ns - 1;
	ck_assert_str_eq(on(EVENT_TICK), "");
	now_ns = due_ns;
	ck_assert_str_eq(on(EVENT_TICK), expected);
	return now_ns - before_ns;
}

void begin(void)
{
	now_ns = S;
	arbiter_init(&arbiter, seats, SEATS, 1, &policy);
	ck_assert_str_eq(on(EVENT_BEGIN), "spawn 0, spawn 1, spawn 2");
}

void serve(void)
{
	begin();
	ck_assert_str_eq(ready(0), "");
	now_ns += 1;
	ck_assert_str_eq(ready(2), "");
	now_ns += 1;
	ck_assert_str_eq(ready(1), "READY");
	now_ns += 100 * S;
	ck_assert_uint_eq(arbiter_next_tick(&arbiter), UINT64_MAX);
}
