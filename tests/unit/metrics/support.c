#include "support.h"

#include <check.h>

struct board *open_board(struct shm *m)
{
	static const struct route_row routes[ROUTES] = {
		{ .name = "/sleep", .app = "workload", .class = 1 },
		{ .name = "/he\"llo", .app = "workload", .class = 0 },
	};
	const struct board_plan plan = {
		.workers = WORKERS,
		.workers_max = WORKERS + 1,
		.threads = THREADS,
		.threads_max = THREADS,
		.routes = ROUTES,
		.routes_max = ROUTES + 2,
		.route = routes,
	};

	ck_assert_int_eq(board_open_new(m, &plan, START_NS), 0);
	for (unsigned w = 0; w < WORKERS; w++)
		board_worker_begins(m->at, w, THREADS, START_NS);
	return m->at;
}

struct stamps way(uint64_t arrived, uint64_t read, uint64_t ready, uint64_t started,
		  uint64_t finished, uint64_t sent)
{
	struct stamps s = { 0 };

	stamps_mark(&s, STAMP_READ, read);
	stamps_mark(&s, STAMP_ARRIVED, arrived);
	stamps_mark(&s, STAMP_ACCEPTED, arrived);
	stamps_mark(&s, STAMP_PARSED, ready);
	stamps_mark(&s, STAMP_READY, ready);
	stamps_mark(&s, STAMP_STARTED, started);
	stamps_mark(&s, STAMP_FINISHED, finished);
	stamps_mark(&s, STAMP_SENT, sent);
	return s;
}

void serve(struct tally *t, const struct stamps *s, enum flow_id where, unsigned route,
	   unsigned status)
{
	tally_read(t, s);
	tally_ready(t, s);
	tally_started(t, s, where);
	tally_finished(t, s, where);
	tally_sent(t, s, route, status);
}

void serve_for(struct tally *t, uint64_t at_ns, uint64_t ms)
{
	struct stamps s = way(at_ns, at_ns, at_ns, at_ns, at_ns + ms * MS, at_ns + ms * MS);

	serve(t, &s, FLOW_SLOT, 0, 200);
}

void serve_until(struct tally *t, const struct stamps *s, enum flow_id place)
{
	tally_read(t, s);
	if (place == FLOW_READ)
		return;
	tally_ready(t, s);
	if (place == FLOW_WAIT)
		return;
	enum flow_id where = place == FLOW_INLINE ? FLOW_INLINE : FLOW_SLOT;
	tally_started(t, s, where);
	if (place == where)
		return;
	tally_finished(t, s, where);
}

uint64_t random_below(uint64_t *seed, uint64_t n)
{
	uint64_t x = *seed += 0x9e3779b97f4a7c15ull;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return (x ^ x >> 31) % n;
}
