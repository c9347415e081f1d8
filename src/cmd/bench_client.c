/*
 * The generator's loop.  Runs in: one thread.
 *
 * Every turn of the loop first takes all answers that have come (their times are read at
 * once), then, before it sleeps, sends all that is due.  The next arrival wakes it through
 * a timerfd: the loop's own timers count in milliseconds.
 */
#include "cmd/bench_client.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/bench_call.h"

#define READ_BYTES (256 * 1024)
#define SPARE_MAX 100000
#define TICK_MIN_NS (5 * NS_PER_MS)
#define TICK_MAX_NS (100 * NS_PER_MS)
#define CATCH_UP_NS (100 * NS_PER_MS) /* or a tenth of the window */

static void set_alarm(struct client *c, uint64_t due_ns)
{
	struct itimerspec at = {
		.it_value = { (time_t)(due_ns / NS_PER_S), (long)(due_ns % NS_PER_S) },
	};

	if (due_ns != UINT64_MAX)
		timerfd_settime(c->alarm.fd, TFD_TIMER_ABSTIME, &at, NULL);
}

static bool is_over(const struct client *c)
{
	return !c->is_issuing && list_is_empty(&c->waiting) && list_is_empty(&c->asking);
}

/* After the window's end: some stragglers are sent late, a schedule that is out of reach is not. */
static void end_schedule(struct client *c, uint64_t now_ns)
{
	uint64_t patience_ns = (c->close_ns - c->open_ns) / 10;

	patience_ns = patience_ns > CATCH_UP_NS ? patience_ns : CATCH_UP_NS;
	if (!client_has_issued_all(c)) {
		if (now_ns - c->close_ns < patience_ns)
			return;
		c->result->was_cut = true;
		c->result->left_at_cut = c->result->flow.in_flight;
	}
	client_stop_issuing(c, now_ns);
}

static void on_turn(struct ev_loop *loop, struct ev_prepare *turn, int events)
{
	struct client *c = turn->data;
	uint64_t now = clock_mono_ns();

	(void)events;
	if (c->is_issuing && now >= c->close_ns)
		end_schedule(c, now);
	client_issue(c, now);
	if (is_over(c))
		ev_break(loop, EVBREAK_ALL);
	else
		set_alarm(c, client_due_ns(c, now));
}

static void on_tick(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	struct client *c = timer->data;
	uint64_t now = clock_mono_ns();

	(void)events;
	client_expire(c, now);
	if (client_is_hopeless(c, now))
		ev_break(loop, EVBREAK_ALL);
}

static void on_alarm(struct ev_loop *loop, struct ev_io *io, int events)
{
	uint64_t times;

	(void)loop, (void)events;
	if (read(io->fd, &times, sizeof times) < 0)
		return; /* set anew meanwhile */
}

/* It may take as long as the timeout, and would look like a Ctrl-C that was not heard. */
static void say_what_it_waits_for(const struct client *c)
{
	uint64_t n = c->result->flow.in_flight;

	if (n)
		fprintf(stderr, "waiting for %lu answer%s (Ctrl-C again: no longer)\n", n,
			n == 1 ? "" : "s");
}

/* Ctrl-C, or told to leave: measure up to now. */
static void on_interrupt(struct ev_loop *loop, struct ev_signal *s, int events)
{
	struct client *c = s->data;
	uint64_t now = clock_mono_ns();

	(void)events;
	c->result->was_stopped = true;
	if (!c->is_issuing) /* the second time: wait for nobody */
		ev_break(loop, EVBREAK_ALL);
	else
		say_what_it_waits_for(c);
	c->is_issuing = false;
	flow_close(&c->result->flow, now);
}

static int open_pool(struct client *c, struct buf *why)
{
	for (uint64_t i = 0; i < c->o->pool; i++) {
		struct link *l;
		int error = client_open_link(c, 0, true, &l);

		if (error) {
			buf_printf(why, "connection %lu of the pool: %s", i + 1, strerror(-error));
			return error;
		}
		list_append(&c->idle[0], &l->node);
	}
	return 0;
}

static int add_users(struct client *c)
{
	int error = 0;

	for (uint64_t i = 0; !error && i < c->o->concurrency; i++)
		error = client_add_user(c);
	return error;
}

static void allow_many_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int client_init(struct client *c, const struct bench_options *o, struct result *r, FILE *log)
{
	memset(c, 0, sizeof *c);
	c->o = o;
	c->result = r;
	c->log = log;
	list_init(&c->waiting);
	list_init(&c->thinking);
	list_init(&c->asking);
	for (unsigned i = 0; i < TARGETS_MAX; i++)
		list_init(&c->idle[i]);
	pool_init(&c->link_pool, sizeof(struct link), SPARE_MAX);
	pool_init(&c->call_pool, sizeof(struct call), SPARE_MAX);
	c->shared = (struct link_shared){
		.loop = ev_loop_new(EVFLAG_AUTO),
		.on_end = client_on_end,
		.on_lost = client_on_lost,
		.bytes = malloc(READ_BYTES),
		.bytes_room = READ_BYTES,
		.owner = c,
	};
	c->alarm.fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	return c->shared.loop && c->shared.bytes && c->alarm.fd >= 0 ? 0 : -ENOMEM;
}

static void drop_links(struct client *c, struct list *links)
{
	while (!list_is_empty(links))
		client_drop_link(c, list_entry(links->next, struct link, node));
}

static void drop_calls(struct client *c, struct list *calls)
{
	while (!list_is_empty(calls)) {
		struct list *first = list_first(calls);

		list_remove(first);
		pool_put(&c->call_pool, list_entry(first, struct call, node));
	}
}

static void client_fini(struct client *c)
{
	for (unsigned i = 0; i < TARGETS_MAX; i++)
		drop_links(c, &c->idle[i]);
	drop_calls(c, &c->thinking);
	pool_fini(&c->link_pool);
	pool_fini(&c->call_pool);
	if (c->alarm.fd >= 0)
		close(c->alarm.fd);
	if (c->shared.loop)
		ev_loop_destroy(c->shared.loop);
	free(c->shared.bytes);
}

static void start(struct client *c)
{
	const struct bench_options *o = c->o;
	struct ev_loop *loop = c->shared.loop;
	uint64_t tick_ns = o->timeout_ns / 10;

	c->start_ns = clock_mono_ns();
	c->open_ns = c->start_ns + o->warmup_ns;
	c->close_ns = o->requests ? UINT64_MAX : c->open_ns + o->duration_ns;
	flow_init(&c->result->flow, c->start_ns, c->open_ns, c->close_ns);
	plan_init(&c->plan, o->arrival, o->rate, o->seed, &o->targets);
	if (bench_is_open(o))
		c->next = plan_next(&c->plan);
	c->is_issuing = true;

	tick_ns = tick_ns < TICK_MIN_NS   ? TICK_MIN_NS
		  : tick_ns > TICK_MAX_NS ? TICK_MAX_NS
					  : tick_ns;
	ev_timer_init(&c->tick, on_tick, (double)tick_ns / NS_PER_S, (double)tick_ns / NS_PER_S);
	ev_io_init(&c->alarm, on_alarm, c->alarm.fd, EV_READ);
	ev_prepare_init(&c->turn, on_turn);
	ev_signal_init(&c->interrupt, on_interrupt, SIGINT);
	ev_signal_init(&c->termination, on_interrupt, SIGTERM);
	c->tick.data = c->alarm.data = c->turn.data = c;
	c->interrupt.data = c->termination.data = c;
	ev_timer_start(loop, &c->tick);
	ev_io_start(loop, &c->alarm);
	ev_prepare_start(loop, &c->turn);
	ev_signal_start(loop, &c->interrupt);
	ev_signal_start(loop, &c->termination);
}

int client_run(const struct bench_options *o, struct result *r, FILE *log, struct buf *why)
{
	struct client c;

	allow_many_descriptors();
	r->is_open_loop = bench_is_open(o);
	int error = client_init(&c, o, r, log);
	if (!error)
		error = open_pool(&c, why);
	if (!error) {
		start(&c);
		error = add_users(&c);
		if (!error)
			ev_run(c.shared.loop, 0);
		flow_close(&r->flow, clock_mono_ns());
		client_abandon(&c);
		ev_signal_stop(c.shared.loop, &c.interrupt);
		ev_signal_stop(c.shared.loop, &c.termination);
	}
	client_fini(&c);
	if (error && !why->len)
		buf_puts(why, strerror(-error));
	return error;
}
