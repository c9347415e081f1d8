/* Why a request was slow.  Runs in: leader, slot. */
#include "http/slow.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char format[] =
	"\"%(r)s\" %(s)s took %(D)s us: wait %(Q)s, read %(R)s, service %(S)s (cpu %(C)s), "
	"write %(W)s us; %(c)s in flight at its start, worker %(w)s, slot %(k)s, client %(h)s";

static const struct {
	enum phase phase;
	const char *says;
} causes[SLOW_CAUSE_COUNT] = {
	[SLOW_WAIT] = { PHASE_WAIT, "it waited" },
	[SLOW_READ] = { PHASE_READ, "the client sent it slowly" },
	[SLOW_SERVICE] = { PHASE_SERVICE, "it was served slowly" },
	[SLOW_WRITE] = { PHASE_WRITE, "the client took the answer slowly" },
};

int slow_open(struct slow *s, uint64_t limit_ns)
{
	char why[100];

	s->limit_ns = limit_ns;
	return access_open(&s->format, format, why, sizeof why);
}

void slow_close(struct slow *s)
{
	access_close(&s->format);
}

bool slow_is(const struct slow *s, const struct exchange *x)
{
	return stamps_phase_ns(&x->stamps, PHASE_TOTAL) >= s->limit_ns;
}

enum slow_cause slow_cause(const struct stamps *s)
{
	enum slow_cause most = SLOW_WAIT;

	for (enum slow_cause i = most + 1; i < SLOW_CAUSE_COUNT; i++)
		if (stamps_phase_ns(s, causes[i].phase) > stamps_phase_ns(s, causes[most].phase))
			most = i;
	return most;
}

void slow_line(const struct slow *s, const struct exchange *x, unsigned status, char *out,
	       size_t room)
{
	int n = snprintf(out, room, "slow request, %s: ", causes[slow_cause(&x->stamps)].says);
	size_t begun = (size_t)n < room ? (size_t)n : room - 1;
	size_t len = begun + access_format(&s->format, x, status, 0, out + begun, room - begun);

	out[len - 1] = '\0'; /* where the line's '\n' was */
}
