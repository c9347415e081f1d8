/* The law as a sentence.  Runs in: any. */
#include "metrics/sentence.h"

#include <stdio.h>

#include "base/digits.h"

/* Busy for all practical purposes, and nearly all that is not in a slot waits for one. */
#define ALL_BUSY 0.98
#define NEARLY_ALL 0.9
#define NOTEWORTHY 0.05

static void add_slots(const struct law *law, unsigned slots, char *out, size_t room)
{
	char busy[DIGITS_BYTES], waiting[DIGITS_BYTES], other[DIGITS_BYTES];
	double others = law->L - law->L_slot;

	digits_print(law->L_slot, 3, busy);
	digits_print(law->L_wait, 3, waiting);
	digits_print(others, 3, other);
	if (law->utilisation < ALL_BUSY)
		snprintf(out, room, "%s of %u slots busy, %s wait", busy, slots, waiting);
	else if (law->L_wait < NOTEWORTHY)
		snprintf(out, room, "%u slots, all busy, none waits", slots);
	else if (law->L_wait < NEARLY_ALL * others)
		snprintf(out, room, "%u slots, all busy: %s wait", slots, waiting);
	else
		snprintf(out, room, "%u slots, all busy: the other %s wait", slots, other);
}

void sentence_of(const struct law *law, unsigned slots, char out[SENTENCE_BYTES])
{
	char X[DIGITS_BYTES], W[DIGITS_BYTES], L[DIGITS_BYTES];
	int n;

	if (law->completions == 0) {
		snprintf(out, SENTENCE_BYTES, "no request ended in %s s; %s in flight",
			 digits_print(law->window_s, 3, W), digits_print(law->L, 3, L));
		return;
	}
	n = snprintf(out, SENTENCE_BYTES, "%s RPS x %s s = %s in flight; ",
		     digits_print(law->X, 3, X), digits_print(law->W_s, 3, W),
		     digits_print(law->XW, 3, L));
	add_slots(law, slots, out + n, SENTENCE_BYTES - (size_t)n);
}
