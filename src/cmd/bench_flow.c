/* In flight, integrated.  Pure: time is given.  Runs in: any. */
#include "cmd/bench_flow.h"

#include <string.h>

#include "base/clock.h"

void flow_init(struct flow *f, uint64_t now_ns, uint64_t open_ns, uint64_t close_ns)
{
	memset(f, 0, sizeof *f);
	f->last_ns = now_ns;
	f->open_ns = open_ns;
	f->close_ns = close_ns;
	f->half_ns = close_ns == UINT64_MAX ? UINT64_MAX : open_ns + (close_ns - open_ns) / 2;
}

/* How much of [from, to] lies in the window. */
static uint64_t overlap(const struct flow *f, uint64_t from, uint64_t to)
{
	from = from > f->open_ns ? from : f->open_ns;
	to = to < f->close_ns ? to : f->close_ns;
	return to > from ? to - from : 0;
}

static struct flow_edge edge_at(const struct flow *f, uint64_t at_ns)
{
	return (struct flow_edge){ f->in_flight, f->in_flight * at_ns - f->entered_ns };
}

void flow_advance(struct flow *f, uint64_t now_ns)
{
	if (now_ns <= f->last_ns)
		return;
	if (f->last_ns <= f->open_ns && f->open_ns < now_ns)
		f->at_open = edge_at(f, f->open_ns);
	if (f->last_ns <= f->half_ns && f->half_ns < now_ns)
		f->at_half = edge_at(f, f->half_ns);
	if (f->last_ns <= f->close_ns && f->close_ns < now_ns)
		f->at_close = edge_at(f, f->close_ns);
	f->area_ns += f->in_flight * overlap(f, f->last_ns, now_ns);
	f->last_ns = now_ns;
}

/* It was in flight at an edge that has been passed already. */
static void date_back(struct flow_edge *edge, uint64_t edge_ns, uint64_t intended_ns,
		      uint64_t now_ns)
{
	if (intended_ns >= edge_ns || edge_ns >= now_ns)
		return;
	edge->in_flight++;
	edge->age_ns += edge_ns - intended_ns;
}

static void note_most(struct flow *f, uint64_t in_flight)
{
	if (in_flight > f->max)
		f->max = in_flight;
}

void flow_enter(struct flow *f, uint64_t intended_ns, uint64_t now_ns)
{
	flow_advance(f, now_ns);
	date_back(&f->at_open, f->open_ns, intended_ns, f->last_ns);
	date_back(&f->at_half, f->half_ns, intended_ns, f->last_ns);
	date_back(&f->at_close, f->close_ns, intended_ns, f->last_ns);
	f->area_ns += overlap(f, intended_ns, f->last_ns);
	if (intended_ns >= f->open_ns && intended_ns < f->close_ns)
		f->arrivals++;
	f->entered_ns += intended_ns;
	f->in_flight++;
	if (f->last_ns >= f->open_ns && f->last_ns <= f->close_ns)
		note_most(f, f->in_flight);
	note_most(f, f->at_close.in_flight); /* it may have been dated back */
}

void flow_leave(struct flow *f, uint64_t intended_ns, uint64_t now_ns)
{
	flow_advance(f, now_ns);
	f->entered_ns -= intended_ns;
	f->in_flight--;
	if (f->last_ns <= f->open_ns || f->last_ns > f->close_ns)
		return;
	f->departures++;
	f->time_ns += f->last_ns - intended_ns;
}

void flow_close(struct flow *f, uint64_t now_ns)
{
	flow_advance(f, now_ns);
	if (f->close_ns < f->last_ns)
		return;
	f->close_ns = f->last_ns;
	f->at_close = edge_at(f, f->close_ns);
}

struct flow_law flow_law(const struct flow *f)
{
	struct flow_law l = { 0 };
	double window_ns = (double)(f->close_ns - f->open_ns);

	if (f->close_ns <= f->open_ns)
		return l;
	l.window_s = window_ns / (double)NS_PER_S;
	l.lambda = (double)f->arrivals / l.window_s;
	l.X = (double)f->departures / l.window_s;
	l.L = (double)f->area_ns / window_ns;
	l.W_s = f->departures ? (double)f->time_ns / (double)f->departures / (double)NS_PER_S : 0;
	l.XW = (double)f->time_ns / window_ns;
	l.edge = ((double)f->at_close.age_ns - (double)f->at_open.age_ns) / window_ns;
	/*
	 * In whole nanoseconds first: the law holds
	 * exactly, a difference of large doubles would not.
	 */
	int64_t residual =
		(int64_t)(f->area_ns - (f->at_close.age_ns - f->at_open.age_ns) - f->time_ns);
	l.residual = (double)residual / window_ns;
	return l;
}
