/* The stamps of a request.  Runs in: leader, slot. */
#include "http/stamps.h"

#include <assert.h>

const char *const stamp_names[STAMP_COUNT] = {
#define STAMP(NAME, name, text) [STAMP_##NAME] = #name,
#include "http/stamps.def"
#undef STAMP
};

const char *const phase_names[PHASE_COUNT] = {
#define PHASE(NAME, name, text) [PHASE_##NAME] = #name,
#include "http/phases.def"
#undef PHASE
};

const char *const phase_texts[PHASE_COUNT] = {
#define PHASE(NAME, name, text) [PHASE_##NAME] = text,
#include "http/phases.def"
#undef PHASE
};

void stamps_mark(struct stamps *s, enum stamp which, uint64_t at_ns)
{
	assert(s->at[which] == 0);

	if (which == STAMP_ARRIVED) {
		if (s->at[STAMP_READ] && at_ns > s->at[STAMP_READ])
			at_ns = s->at[STAMP_READ];
	} else if (which > STAMP_READ && at_ns < s->at[which - 1]) {
		at_ns = s->at[which - 1];
	}
	s->at[which] = at_ns;
}

static inline uint64_t between(const struct stamps *s, enum stamp from, enum stamp to)
{
	return s->at[to] - s->at[from];
}

uint64_t stamps_phase_ns(const struct stamps *s, enum phase phase)
{
	switch (phase) {
	case PHASE_PROXY:
		return s->proxy_ns;
	case PHASE_WAIT:
		return between(s, STAMP_ARRIVED, STAMP_READ) +
		       between(s, STAMP_READY, STAMP_STARTED);
	case PHASE_READ:
		return between(s, STAMP_READ, STAMP_READY);
	case PHASE_SERVICE:
		return between(s, STAMP_STARTED, STAMP_FINISHED);
	case PHASE_CPU:
		return s->cpu_ns;
	case PHASE_WRITE:
		return between(s, STAMP_FINISHED, STAMP_SENT);
	case PHASE_TOTAL:
		return between(s, STAMP_ARRIVED, STAMP_SENT);
	case PHASE_COUNT:
		break;
	}
	return 0;
}
