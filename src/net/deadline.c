/* Deadlines.  Runs in: leader. */
#include "net/deadline.h"

#include "base/clock.h"

/*
 * For how long a client must have sent nothing more before the last answer counts as received,
 * and for how long what it sends is read at most.
 */
#define LINGER_NS (2 * NS_PER_S)
#define LINGER_MOST_NS (30 * NS_PER_S)

uint64_t deadline_of_state(const struct loop_limits *l, enum conn_state state)
{
	switch (state) {
	case CONN_FRESH:
		return l->header_ns;
	case CONN_IDLE:
		return l->keep_alive_ns;
	case CONN_LINGERING:
		return LINGER_NS;
	default:
		return 0;
	}
}

bool deadline_may_linger(uint64_t parted_ns)
{
	return parted_ns < LINGER_MOST_NS;
}

/* In floating point: bytes times nanoseconds may be more than 64 bits hold. */
static bool is_too_slow(const struct loop_limits *l, const struct reading *r)
{
	double due = (double)l->body_rate * (double)r->body_ns / (double)NS_PER_S;

	return r->body_ns >= l->body_ns && (double)r->body_bytes < due;
}

enum limit deadline_of_request(const struct loop_limits *l, const struct reading *r)
{
	if (!r->in_body)
		return l->header_ns && r->quiet_ns >= l->header_ns ? LIMIT_HEAD_TIME : LIMIT_NONE;
	if (l->body_ns == 0)
		return LIMIT_NONE;
	if (r->quiet_ns >= l->body_ns)
		return LIMIT_BODY_TIME;
	return is_too_slow(l, r) ? LIMIT_BODY_RATE : LIMIT_NONE;
}
