/* The Server-Timing field.  Runs in: leader, slot. */
#include "http/server_timing.h"

#include "base/clock.h"

/* What is shown, and the stamp with which it is over. */
static const struct {
	enum phase phase;
	enum stamp end;
} shown[] = {
	{ PHASE_PROXY, STAMP_ARRIVED }, { PHASE_WAIT, STAMP_STARTED },
	{ PHASE_READ, STAMP_READY },    { PHASE_SERVICE, STAMP_FINISHED },
	{ PHASE_CPU, STAMP_FINISHED },
};

/* Milliseconds, as the specification wants them, with three decimals. */
static char *put_ms(char *to, uint64_t ns)
{
	unsigned us = (unsigned)(ns % NS_PER_MS / NS_PER_US);

	to = PUT(put_number(to, ns / NS_PER_MS), ".");
	for (unsigned unit = 100; unit; unit /= 10)
		*to++ = (char)('0' + us / unit % 10);
	return to;
}

char *server_timing_put(char *to, const struct stamps *s)
{
	bool is_first = true;

	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
		enum phase phase = shown[i].phase;

		if (!s->at[shown[i].end] || !stamps_has_phase(s, phase))
			continue;
		to = is_first ? PUT(to, "Server-Timing: ") : PUT(to, ", ");
		to = PUT(put(to, slice_of_string(phase_names[phase])), ";dur=");
		to = put_ms(to, stamps_phase_ns(s, phase));
		is_first = false;
	}
	return is_first ? to : PUT(to, "\r\n");
}
