/* Controlled delay, RFC 8289 section 4.  Runs in: leader, slot (under the lock of the queue). */
#include "proc/codel.h"

#include <math.h>

/* Shedding that resumes so soon after its last end goes on about where it was (section 5.4). */
#define MEMORY_INTERVALS 16

static bool is_standing(struct codel *c, uint64_t waited_ns, uint64_t now_ns)
{
	if (waited_ns < c->target_ns) {
		c->above_ns = 0;
		return false;
	}
	if (!c->above_ns) {
		c->above_ns = now_ns + c->interval_ns;
		return false;
	}
	return now_ns >= c->above_ns;
}

/* The control law: the sheddings grow denser with the square root of their number. */
static void schedule(struct codel *c, uint64_t from_ns)
{
	c->next_ns = from_ns + (uint64_t)((double)c->interval_ns / sqrt((double)c->count));
}

static void begin(struct codel *c, uint64_t now_ns)
{
	bool was_lately = c->next_ns && now_ns < c->next_ns + MEMORY_INTERVALS * c->interval_ns;

	c->is_shedding = true;
	c->count = was_lately && c->count > 2 ? c->count - 2 : 1;
	schedule(c, now_ns);
}

bool codel_sheds(struct codel *c, uint64_t waited_ns, uint64_t now_ns)
{
	if (!c->target_ns)
		return false;
	if (!is_standing(c, waited_ns, now_ns)) {
		c->is_shedding = false;
		return false;
	}
	if (!c->is_shedding) {
		begin(c, now_ns);
		return true;
	}
	if (now_ns < c->next_ns)
		return false;
	c->count++;
	schedule(c, c->next_ns);
	return true;
}
