/* Arrivals and the mix, as a pure function of the seed.  Runs in: any. */
#include "cmd/bench_plan.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"

/* A counter through a mixing function: splitmix64, of Steele, Lea and Flood (2014). */
static uint64_t draw(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15ull;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

/* In [0, 1), by the upper 53 bits. */
static double draw_unit(uint64_t *state)
{
	return (double)(draw(state) >> 11) * 0x1p-53;
}

void plan_init(struct plan *p, enum arrival arrival, double rate, uint64_t seed,
	       const struct targets *t)
{
	double sum = 0;

	memset(p, 0, sizeof *p);
	p->arrival = arrival;
	p->rate = rate;
	p->gap_state = seed;
	p->choice_state = draw(&seed) ^ 0x5bf03635ull;
	p->count = t->count;
	for (unsigned i = 0; i < t->count; i++)
		p->weight_below[i] = sum += t->target[i].weight;
}

unsigned plan_choose(struct plan *p)
{
	double at = draw_unit(&p->choice_state) * p->weight_below[p->count - 1];
	unsigned i = 0;

	while (i + 1 < p->count && at >= p->weight_below[i])
		i++;
	return i;
}

static double next_at(struct plan *p)
{
	if (p->arrival == ARRIVAL_CONSTANT)
		return (double)p->issued / p->rate;
	p->at_s += -log1p(-draw_unit(&p->gap_state)) / p->rate;
	return p->at_s;
}

struct planned plan_next(struct plan *p)
{
	struct planned next = { .at_ns = (uint64_t)(next_at(p) * (double)NS_PER_S) };

	next.target = plan_choose(p);
	p->issued++;
	return next;
}
