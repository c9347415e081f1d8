/* A queue, simulated.  Runs in: any. */
#include "metrics/simulation.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* --- random numbers: xoshiro256**, Blackman and Vigna 2018 -------------------------- */

struct random {
	uint64_t s[4];
};

static uint64_t rotate(uint64_t x, int k)
{
	return x << k | x >> (64 - k);
}

static uint64_t next(struct random *r)
{
	uint64_t *s = r->s, result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate(s[3], 45);
	return result;
}

/* SplitMix64 fills the state from one number, as its authors advise. */
static void random_init(struct random *r, uint64_t seed)
{
	for (unsigned i = 0; i < 4; i++) {
		uint64_t z = (seed += 0x9e3779b97f4a7c15);

		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
		z = (z ^ z >> 27) * 0x94d049bb133111eb;
		r->s[i] = z ^ z >> 31;
	}
}

/* Above 0, not above 1. */
static double uniform(struct random *r)
{
	return (double)((next(r) >> 11) + 1) * 0x1p-53;
}

static double exponential(struct random *r)
{
	return -log(uniform(r));
}

/* Marsaglia's polar method. */
static double normal(struct random *r)
{
	double x, y, square;

	do {
		x = 2 * uniform(r) - 1;
		y = 2 * uniform(r) - 1;
		square = x * x + y * y;
	} while (square >= 1 || square == 0);
	return x * sqrt(-2 * log(square) / square);
}

/* Marsaglia and Tsang, A Simple Method for Generating Gamma Variables (2000); scale 1. */
static double gamma_of(struct random *r, double shape)
{
	if (shape < 1)
		return gamma_of(r, shape + 1) * pow(uniform(r), 1 / shape);

	double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
	for (;;) {
		double x = normal(r), v = 1 + c * x;

		if (v <= 0)
			continue;
		v = v * v * v;
		if (log(uniform(r)) < x * x / 2 + d - d * v + d * log(v))
			return d * v;
	}
}

/* --- service times: Vose's alias table ---------------------------------------------- */

struct column {
	double part; /* of the column that is its own bucket */
	uint32_t own, other;
};

struct service_times {
	unsigned count;
	struct column column[];
};

static void pair_up(struct service_times *t, double *share, uint32_t *small, uint32_t *large)
{
	unsigned smalls = 0, larges = 0;

	for (unsigned i = 0; i < t->count; i++)
		if (share[i] < 1)
			small[smalls++] = i;
		else
			large[larges++] = i;
	while (smalls && larges) {
		unsigned s = small[--smalls], l = large[--larges];

		t->column[s].part = share[s];
		t->column[s].other = t->column[l].own;
		share[l] -= 1 - share[s];
		if (share[l] < 1)
			small[smalls++] = l;
		else
			large[larges++] = l;
	}
	/* Those left are whole, but for rounding. */
}

struct service_times *service_times_new(const struct hist_sum *h)
{
	unsigned room = h->high - h->low;
	struct service_times *t = calloc(1, sizeof *t + room * sizeof *t->column);
	double *share = calloc(room + 1, sizeof *share);
	uint32_t *work = calloc(2 * (size_t)room + 1, sizeof *work);

	for (uint32_t i = h->low; t && share && i < h->high; i++) {
		if (!h->bucket[i])
			continue;
		share[t->count] = (double)h->bucket[i];
		t->column[t->count++] = (struct column){ .part = 1, .own = i, .other = i };
	}
	if (!t || !share || !work || !t->count) {
		free(t);
		t = NULL;
	} else {
		for (unsigned i = 0; i < t->count; i++)
			share[i] *= (double)t->count / (double)h->count;
		pair_up(t, share, work, work + room);
	}
	free(share);
	free(work);
	return t;
}

void service_times_free(struct service_times *t)
{
	free(t);
}

/* Uniform within its bucket. */
static double draw_s(const struct service_times *t, struct random *r)
{
	double place = uniform(r) * t->count;
	unsigned i = (unsigned)place < t->count ? (unsigned)place : t->count - 1;
	const struct column *c = &t->column[i];
	uint32_t bucket = place - i <= c->part ? c->own : c->other;

	return ((double)hist_bucket_low(bucket) + uniform(r) * (double)hist_bucket_width(bucket)) /
	       NS_PER_S;
}

void service_times_moments(const struct hist_sum *h, double *mean_s, double *Cs2)
{
	double sum = 0, squares = 0;

	for (uint32_t i = h->low; i < h->high; i++) {
		double n = (double)h->bucket[i], width = (double)hist_bucket_width(i) / NS_PER_S,
		       middle = (double)hist_bucket_low(i) / NS_PER_S + width / 2;

		sum += n * middle;
		squares += n * (middle * middle + width * width / 12);
	}
	*mean_s = h->count ? sum / (double)h->count : 0;
	*Cs2 = sum > 0 ? fmax(squares / (double)h->count / (*mean_s * *mean_s) - 1, 0) : 0;
}

/* --- the queue ---------------------------------------------------------------------- */

/* The earliest of c instants is at the top; it is replaced by a later one. */
static void heap_replace_first(double *heap, unsigned c, double value)
{
	unsigned at = 0;

	for (;;) {
		unsigned child = 2 * at + 1;

		if (child >= c)
			break;
		if (child + 1 < c && heap[child + 1] < heap[child])
			child++;
		if (heap[child] >= value)
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = value;
}

static void count(struct hist_sum *h, double s)
{
	uint64_t ns = s > 0 ? (uint64_t)(s * NS_PER_S) : 0;
	unsigned bucket = hist_bucket_of(ns);

	h->bucket[bucket]++;
	h->count++;
	h->sum_ns += ns;
	if (ns > h->max_ns)
		h->max_ns = ns;
	if (h->high == 0 || bucket < h->low)
		h->low = bucket;
	if (bucket >= h->high)
		h->high = bucket + 1;
}

static double interval(const struct simulation *s, struct random *r)
{
	double burst = s->burst ? s->burst : 1, mean = burst / s->rate, Ca2 = s->Ca2 / burst;

	if (Ca2 <= 0)
		return mean;
	if (Ca2 == 1)
		return exponential(r) * mean;
	return gamma_of(r, 1 / Ca2) * Ca2 * mean;
}

int simulation_run(const struct simulation *s, struct simulated *out)
{
	double *free_at = calloc(s->slots, sizeof *free_at);
	uint64_t ignored = s->arrivals / 10, waited = 0;
	double now = 0, since = 0, busy = 0;
	struct random arrivals, services;

	if (!free_at)
		return -ENOMEM;
	memset(out, 0, sizeof *out);
	/* Two streams: other arrivals do not change what is asked for, nor the other way round. */
	random_init(&arrivals, s->seed);
	random_init(&services, ~s->seed);
	for (uint64_t i = 0; i < ignored + s->arrivals; i++) {
		if (s->burst <= 1 || i % s->burst == 0)
			now += interval(s, &arrivals);
		double served = draw_s(s->service, &services) * s->service_factor;
		double start = fmax(now, free_at[0]);

		heap_replace_first(free_at, s->slots, start + served);
		if (i < ignored) {
			since = now;
			continue;
		}
		waited += start > now;
		busy += served;
		count(&out->wait, start - now);
		count(&out->total, start - now + served);
	}
	out->waiting_part = s->arrivals ? (double)waited / (double)s->arrivals : 0;
	out->utilisation = now > since ? busy / ((now - since) * s->slots) : 0;
	free(free_at);
	return 0;
}
