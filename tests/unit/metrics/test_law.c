/* The law on random schedules: exact, and equal to what brute force integrates. */
#include "metrics/law.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/board.h"
#include "support.h"
#include "unit.h"

#define REQUESTS 400
#define HORIZON (10 * SECOND)
#define SCHEDULES 60
#define TALLIES (WORKERS * (THREADS + 1))

/* A request, and what each of its steps does to the tallies. */
struct request {
	struct stamps stamps;
	unsigned worker, moved_to;
	enum flow_id where;
	uint64_t moved_ns; /* 0: stays */
};

enum step {
	STEP_READ,
	STEP_READY,
	STEP_GIVEN,
	STEP_TAKEN,
	STEP_STARTED,
	STEP_FINISHED,
	STEP_SENT,
	STEP_COUNT
};

struct event {
	uint64_t at_ns;
	struct request *request;
	enum step step;
};

struct schedule {
	uint64_t seed;
	struct request request[REQUESTS];
	struct event event[REQUESTS * STEP_COUNT];
	unsigned events;
};

static void plan_request(struct schedule *s, struct request *r)
{
	uint64_t at[6];

	at[0] = START_NS + random_below(&s->seed, HORIZON);
	for (unsigned i = 1; i < 6; i++)
		at[i] = at[i - 1] +
			(random_below(&s->seed, 3) ? random_below(&s->seed, 200 * MS) : 0);
	r->stamps = way(at[0], at[1], at[2], at[3], at[4], at[5]);
	r->worker = r->moved_to = (unsigned)random_below(&s->seed, WORKERS);
	r->where = random_below(&s->seed, 2) ? FLOW_SLOT : FLOW_INLINE;
	r->moved_ns = 0;
	if (random_below(&s->seed, 4) == 0) {
		r->moved_to = (r->worker + 1) % WORKERS;
		r->moved_ns = at[2] + (at[3] - at[2]) / 2;
	}
}

static void add_event(struct schedule *s, struct request *r, enum step step, uint64_t at_ns)
{
	s->event[s->events++] = (struct event){ at_ns, r, step };
}

static void plan_events(struct schedule *s, struct request *r)
{
	const uint64_t *at = r->stamps.at;

	add_event(s, r, STEP_READ, at[STAMP_READ]);
	add_event(s, r, STEP_READY, at[STAMP_READY]);
	if (r->moved_ns) {
		add_event(s, r, STEP_GIVEN, r->moved_ns);
		add_event(s, r, STEP_TAKEN, r->moved_ns);
	}
	add_event(s, r, STEP_STARTED, at[STAMP_STARTED]);
	add_event(s, r, STEP_FINISHED, at[STAMP_FINISHED]);
	add_event(s, r, STEP_SENT, at[STAMP_SENT]);
}

static int by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	if (x->request != y->request)
		return x->request < y->request ? -1 : 1;
	return x->step < y->step ? -1 : x->step > y->step;
}

static struct schedule *new_schedule(uint64_t seed)
{
	struct schedule *s = calloc(1, sizeof *s);

	s->seed = seed;
	for (unsigned i = 0; i < REQUESTS; i++) {
		plan_request(s, &s->request[i]);
		plan_events(s, &s->request[i]);
	}
	qsort(s->event, s->events, sizeof *s->event, by_time);
	return s;
}

static void play(struct board *b, struct schedule *s, const struct event *e)
{
	const struct request *r = e->request;
	unsigned thread = (unsigned)random_below(&s->seed, THREADS + 1);
	struct tally *home = board_tally(b, r->worker, thread);
	struct tally *there = board_tally(b, r->moved_to, thread);

	switch (e->step) {
	case STEP_READ:
		tally_read(home, &r->stamps);
		break;
	case STEP_READY:
		tally_ready(home, &r->stamps);
		break;
	case STEP_GIVEN:
		tally_transfer(home, &r->stamps, -1);
		break;
	case STEP_TAKEN:
		tally_transfer(there, &r->stamps, 1);
		break;
	case STEP_STARTED:
		tally_started(there, &r->stamps, r->where);
		break;
	case STEP_FINISHED:
		tally_finished(there, &r->stamps, r->where);
		break;
	default:
		tally_sent(there, &r->stamps, 0, 200);
	}
}

/* Everything up to and including an instant; returns the next event to come. */
static unsigned play_until(struct board *b, struct schedule *s, unsigned next, uint64_t until_ns)
{
	while (next < s->events && s->event[next].at_ns <= until_ns)
		play(b, s, &s->event[next++]);
	return next;
}

static struct ledger_sum sum_of(struct board *b)
{
	struct ledger_sum sum = { 0 };

	for (unsigned i = 0; i < b->tallies; i++)
		tally_add_ledger(&sum, board_tally_at(b, i));
	return sum;
}

static uint64_t overlap(uint64_t from, uint64_t to, uint64_t start, uint64_t end)
{
	from = from > start ? from : start;
	to = to < end ? to : end;
	return from < to ? to - from : 0;
}

/* What the law's figures should be, summed request by request. */
struct truth {
	uint64_t total, wait, read, slot, inline_, write;
	uint64_t arrivals, completions, times;
};

static void add_truth(struct truth *t, const struct request *r, uint64_t start, uint64_t end)
{
	const uint64_t *at = r->stamps.at;
	uint64_t service = overlap(at[STAMP_STARTED], at[STAMP_FINISHED], start, end);

	t->total += overlap(at[STAMP_ARRIVED], at[STAMP_SENT], start, end);
	t->wait += overlap(at[STAMP_ARRIVED], at[STAMP_READ], start, end) +
		   overlap(at[STAMP_READY], at[STAMP_STARTED], start, end);
	t->read += overlap(at[STAMP_READ], at[STAMP_READY], start, end);
	t->slot += r->where == FLOW_SLOT ? service : 0;
	t->inline_ += r->where == FLOW_INLINE ? service : 0;
	t->write += overlap(at[STAMP_FINISHED], at[STAMP_SENT], start, end);
	t->arrivals += at[STAMP_READ] > start && at[STAMP_READ] <= end;
	if (at[STAMP_SENT] > start && at[STAMP_SENT] <= end) {
		t->completions++;
		t->times += at[STAMP_SENT] - at[STAMP_ARRIVED];
	}
	/* Learned within the window, of before it; and not yet learned at its end. */
	if (at[STAMP_READ] > start && at[STAMP_READ] <= end && at[STAMP_ARRIVED] < start) {
		t->total += start - at[STAMP_ARRIVED];
		t->wait += start - at[STAMP_ARRIVED];
	}
	if (at[STAMP_READ] > end && at[STAMP_ARRIVED] < end) {
		t->total -= overlap(at[STAMP_ARRIVED], at[STAMP_READ], start, end);
		t->wait -= overlap(at[STAMP_ARRIVED], at[STAMP_READ], start, end);
	}
}

static void near(double a, double b)
{
	ck_assert_msg(fabs(a - b) <= 1e-12 * (1 + fabs(b)), "%.17g is not %.17g", a, b);
}

static void compare(const struct law *law, const struct truth *t, double T)
{
	ck_assert_uint_eq(law->arrivals, t->arrivals);
	ck_assert_uint_eq(law->completions, t->completions);
	near(law->L, (double)t->total / T);
	near(law->L_wait, (double)t->wait / T);
	near(law->L_read, (double)t->read / T);
	near(law->L_slot, (double)t->slot / T);
	near(law->L_inline, (double)t->inline_ / T);
	near(law->L_write, (double)t->write / T);
	near(law->XW, (double)t->times / T);
	near(law->lambda, (double)t->arrivals / (T / 1e9));
	near(law->X * law->W_s, law->XW);
}

static void check_window(struct board *b, struct schedule *s)
{
	uint64_t start = START_NS + random_below(&s->seed, HORIZON / 2);
	uint64_t end = start + 1 + random_below(&s->seed, HORIZON / 2);
	unsigned next = play_until(b, s, 0, start);
	struct ledger_sum before = sum_of(b);

	play_until(b, s, next, end);
	struct ledger_sum after = sum_of(b);
	struct law law = law_of(&before, start, &after, end, WORKERS * THREADS);
	struct truth truth = { 0 };
	for (unsigned i = 0; i < REQUESTS; i++)
		add_truth(&truth, &s->request[i], start, end);
	compare(&law, &truth, (double)(end - start));
	ck_assert_double_eq(law.residual, 0);
	near(law.L, law.XW + law.edge);
	near(law.L, law.L_wait + law.L_read + law.L_slot + law.L_inline + law.L_write);
	near(law.utilisation, law.L_slot / (WORKERS * THREADS));
	near(law.capacity * law.utilisation,
	     (double)(after.flow[FLOW_SLOT].out - before.flow[FLOW_SLOT].out) / law.window_s);
}

START_TEST(it_holds_exactly_on_random_schedules)
{
	for (uint64_t seed = 1; seed <= SCHEDULES; seed++) {
		struct shm m;
		struct board *b = open_board(&m);
		struct schedule *s = new_schedule(seed);

		check_window(b, s);
		free(s);
		shm_close(&m);
	}
}
END_TEST

/* What is still to come of the requests that died. */
static void forget_dead(struct schedule *s, unsigned next, unsigned worker, uint64_t at_ns)
{
	unsigned kept = next;

	for (unsigned i = next; i < s->events; i++) {
		struct request *r = s->event[i].request;
		unsigned holder = r->moved_ns && r->moved_ns <= at_ns ? r->moved_to : r->worker;

		if (r->stamps.at[STAMP_READ] > at_ns || holder != worker)
			s->event[kept++] = s->event[i];
	}
	s->events = kept;
}

START_TEST(it_holds_when_a_worker_dies)
{
	uint64_t lost_ever = 0;

	for (uint64_t seed = 1; seed <= SCHEDULES; seed++) {
		struct shm m;
		struct board *b = open_board(&m);
		struct schedule *s = new_schedule(seed);
		uint64_t start = START_NS + 2 * SECOND, death = START_NS + 5 * SECOND;
		uint64_t end = START_NS + 8 * SECOND;

		unsigned next = play_until(b, s, 0, start);
		struct ledger_sum before = sum_of(b);
		next = play_until(b, s, next, death);
		struct ledger_sum alive = sum_of(b);
		uint64_t lost = board_worker_died(b, 1, false, death);
		board_worker_begins(b, 1, THREADS, death);
		struct ledger_sum dead = sum_of(b);
		ck_assert_uint_eq(flow_integral_ns(&alive.flow[FLOW_TOTAL], death),
				  flow_integral_ns(&dead.flow[FLOW_TOTAL], death));
		forget_dead(s, next, 1, death);
		play_until(b, s, next, end);

		struct ledger_sum after = sum_of(b);
		struct law law = law_of(&before, start, &after, end, WORKERS * THREADS);
		ck_assert_double_eq(law.residual, 0);
		near(law.L, law.L_wait + law.L_read + law.L_slot + law.L_inline + law.L_write);
		ck_assert_uint_eq(law.lost, lost);
		lost_ever += lost;

		free(s);
		shm_close(&m);
	}
	ck_assert_uint_gt(lost_ever, 0);
}
END_TEST

START_TEST(all_done_means_nothing_inside_and_no_edge)
{
	struct shm m;
	struct board *b = open_board(&m);
	struct schedule *s = new_schedule(4711);
	const struct ledger_sum nothing = { 0 };

	play_until(b, s, 0, UINT64_MAX);
	struct ledger_sum all = sum_of(b);
	struct law law = law_of(&nothing, START_NS, &all, START_NS + 2 * HORIZON, 6);
	ck_assert_uint_eq(law.completions, REQUESTS);
	ck_assert_uint_eq(law.arrivals, REQUESTS);
	ck_assert_double_eq(law.edge, 0);
	near(law.L, law.lambda * law.W_s);
	free(s);
	shm_close(&m);
}
END_TEST

START_TEST(an_empty_window_gives_zeros)
{
	const struct ledger_sum nothing = { 0 };
	struct law empty = law_of(&nothing, START_NS, &nothing, START_NS, 6);
	struct law idle = law_of(&nothing, START_NS, &nothing, START_NS + SECOND, 0);

	ck_assert_double_eq(empty.L, 0);
	ck_assert_double_eq(empty.lambda, 0);
	ck_assert_double_eq(idle.W_s, 0);
	ck_assert_double_eq(idle.utilisation, 0);
	ck_assert_double_eq(idle.window_s, 1);
}
END_TEST

UNIT_SUITE_OF(law, it_holds_exactly_on_random_schedules, it_holds_when_a_worker_dies,
	      all_done_means_nothing_inside_and_no_edge, an_empty_window_gives_zeros)
