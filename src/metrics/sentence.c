/* The law as a sentence.  Runs in: any. */
#include "metrics/sentence.h"

#include <stdio.h>

/* Busy for all practical purposes, and nearly all that is not in a slot waits for one. */
#define ALL_BUSY 0.98
#define NEARLY_ALL 0.9
#define NOTEWORTHY 0.05

static void add_slots(const struct law *law, unsigned slots, char *out, size_t room)
{
	double others = law->L - law->L_slot;

	if (law->utilisation < ALL_BUSY)
		snprintf(out, room, "%.3g of %u slots busy, %.3g wait", law->L_slot, slots,
			 law->L_wait);
	else if (law->L_wait < NOTEWORTHY)
		snprintf(out, room, "%u slots, all busy, none waits", slots);
	else if (law->L_wait < NEARLY_ALL * others)
		snprintf(out, room, "%u slots, all busy: %.3g wait", slots, law->L_wait);
	else
		snprintf(out, room, "%u slots, all busy: the other %.3g wait", slots, others);
}

void sentence_of(const struct law *law, unsigned slots, char out[SENTENCE_BYTES])
{
	int n;

	if (law->completions == 0) {
		snprintf(out, SENTENCE_BYTES, "no request ended in %.3g s; %.3g in flight",
			 law->window_s, law->L);
		return;
	}
	n = snprintf(out, SENTENCE_BYTES, "%.3g RPS x %.3g s = %.3g in flight; ", law->X, law->W_s,
		     law->XW);
	add_slots(law, slots, out + n, SENTENCE_BYTES - (size_t)n);
}
