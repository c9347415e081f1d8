/* The law as a sentence.  Runs in: any. */
#include "metrics/sentence.h"

#include <math.h>
#include <stdio.h>

#include "base/digits.h"

/* Busy for all practical purposes, and what is not in a slot is what waits, nearly. */
#define ALL_BUSY 0.98
#define NEARLY 0.1
#define NOTEWORTHY 0.05

/* An edge of this part of L is told: a smaller one is hardly more than the rounding. */
#define EDGE_PART 0.02

/* Enough to print what is rounded already. */
#define AS_IT_IS 12

/* What is shown adds up: the edge is the difference of the two as they are shown. */
struct shown {
	double XW, edge, L;
	unsigned digits;
};

static struct shown shown_of(const struct law *law)
{
	double most = fmax(law->L, law->XW);
	struct shown s = { .digits = fmin(law->L, law->XW) < most / 10 ? 4 : 3 };

	if (fabs(law->edge) <= fmax(EDGE_PART * law->L, NOTEWORTHY)) {
		s.XW = s.L = digits_round(law->XW, law->XW, s.digits);
		return s;
	}
	s.XW = digits_round(law->XW, most, s.digits);
	s.L = digits_round(law->L, most, s.digits);
	s.edge = digits_round(s.L - s.XW, most, s.digits);
	return s;
}

/*
 * X*W is of those that left, with all their time; the edge is what those still inside have been there
 * for, less what those that were inside at the window's start had been by then (law.h).
 */
static int put_law(const struct law *law, const struct shown *s, char out[SENTENCE_BYTES])
{
	char X[DIGITS_BYTES], W[DIGITS_BYTES], XW[DIGITS_BYTES], L[DIGITS_BYTES], edge[DIGITS_BYTES];
	int n = snprintf(out, SENTENCE_BYTES, "%s RPS x %s s = %s", digits_print(law->X, 3, X),
			 digits_print(law->W_s, 3, W), digits_print(s->XW, AS_IT_IS, XW));
	char *end = out + n;
	size_t room = SENTENCE_BYTES - (size_t)n;

	digits_print(s->L, AS_IT_IS, L);
	digits_print(fabs(s->edge), AS_IT_IS, edge);
	if (s->edge > 0)
		return n + snprintf(end, room,
				    ", and %s more of those that have not left yet: %s in flight; ",
				    edge, L);
	if (s->edge < 0)
		return n + snprintf(end, room, ", less %s from before the window: %s in flight; ",
				    edge, L);
	return n + snprintf(end, room, " in flight; ");
}

static void add_slots(const struct law *law, const struct shown *s, unsigned slots, char *out,
		      size_t room)
{
	char busy[DIGITS_BYTES], waiting[DIGITS_BYTES], other[DIGITS_BYTES];
	double others = digits_round(s->L - slots, s->L, s->digits);

	digits_print(law->L_slot, 3, busy);
	digits_print(law->L_wait, 3, waiting);
	digits_print(others, AS_IT_IS, other);
	if (law->utilisation < ALL_BUSY)
		snprintf(out, room, "%s of %u slots busy, %s wait", busy, slots, waiting);
	else if (law->L_wait < NOTEWORTHY)
		snprintf(out, room, "%u slots, all busy, none waits", slots);
	else if (fabs(law->L_wait - others) > NEARLY * others)
		snprintf(out, room, "%u slots, all busy: %s wait", slots, waiting);
	else
		snprintf(out, room, "%u slots, all busy: the other %s wait", slots, other);
}

void sentence_of(const struct law *law, unsigned slots, char out[SENTENCE_BYTES])
{
	const struct shown s = shown_of(law);
	char window[DIGITS_BYTES], L[DIGITS_BYTES];
	int n;

	if (law->completions == 0) {
		snprintf(out, SENTENCE_BYTES, "no request ended in %s s; %s in flight",
			 digits_print(law->window_s, 3, window), digits_print(law->L, 3, L));
		return;
	}
	n = put_law(law, &s, out);
	add_slots(law, &s, slots, out + n, SENTENCE_BYTES - (size_t)n);
}
