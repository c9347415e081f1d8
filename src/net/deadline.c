/* Deadlines.  Runs in: leader. */
#include "net/deadline.h"

#include "base/clock.h"

/* How long what a client still sends is read before the last answer counts as received. */
#define LINGER_NS (2 * NS_PER_S)

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
