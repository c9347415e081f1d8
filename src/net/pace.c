/* Whether a client takes its answer fast enough.  Runs in: leader, slot. */
#include "net/pace.h"

#include "base/clock.h"

void pace_begin(struct pace *p, uint64_t taken, uint64_t now_ns)
{
	*p = (struct pace){
		.taken = taken,
		.progress_ns = now_ns,
		.window_ns = now_ns,
		.window_taken = taken,
	};
}

bool pace_is_due(const struct pace *p, const struct pace_limits *limits, uint64_t now_ns)
{
	return limits->timeout_ns && (now_ns - p->progress_ns >= limits->timeout_ns ||
				      now_ns - p->window_ns >= limits->timeout_ns);
}

/* `taken` may go back a little where the kernel counts in buffers instead of bytes. */
static uint64_t since(uint64_t taken, uint64_t before)
{
	return (int64_t)(taken - before) > 0 ? taken - before : 0;
}

static bool is_slow(const struct pace *p, const struct pace_limits *limits, uint64_t now_ns)
{
	double seconds = (double)(now_ns - p->window_ns) / NS_PER_S;

	return (double)since(p->taken, p->window_taken) < seconds * (double)limits->rate;
}

enum pace_verdict pace_judge(struct pace *p, const struct pace_limits *limits, uint64_t taken,
			     uint64_t now_ns)
{
	if (since(taken, p->taken)) {
		p->taken = taken;
		p->progress_ns = now_ns;
	}
	if (!limits->timeout_ns)
		return PACE_FINE;
	if (now_ns - p->progress_ns >= limits->timeout_ns)
		return PACE_STALLED;
	if (now_ns - p->window_ns < limits->timeout_ns)
		return PACE_FINE;
	if (is_slow(p, limits, now_ns))
		return PACE_SLOW;
	p->window_ns = now_ns;
	p->window_taken = p->taken;
	return PACE_FINE;
}
