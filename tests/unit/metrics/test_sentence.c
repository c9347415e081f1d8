/* The law in words. */
#include "metrics/sentence.h"

#include "unit.h"

static const struct {
	struct law law;
	const char *says;
} cases[] = {
	{ { .window_s = 10,
	    .completions = 3950,
	    .X = 395,
	    .W_s = .203,
	    .XW = 80.2,
	    .L = 80.2,
	    .L_slot = 40,
	    .L_wait = 40.2,
	    .utilisation = 1 },
	  "395 RPS x 0.203 s = 80.2 in flight; 40 slots, all busy: the other 40.2 wait" },
	{ { .window_s = 10,
	    .completions = 1000,
	    .X = 100,
	    .W_s = .1,
	    .XW = 10,
	    .L = 10,
	    .L_slot = 9.5,
	    .L_wait = .25,
	    .utilisation = .2375 },
	  "100 RPS x 0.1 s = 10 in flight; 9.5 of 40 slots busy, 0.25 wait" },
	{ { .window_s = 10,
	    .completions = 4000,
	    .X = 400,
	    .W_s = .1,
	    .XW = 40,
	    .L = 40,
	    .L_slot = 40,
	    .utilisation = 1 },
	  "400 RPS x 0.1 s = 40 in flight; 40 slots, all busy, none waits" },
	{ { .window_s = 10,
	    .completions = 4000,
	    .X = 400,
	    .W_s = .2,
	    .XW = 80,
	    .L = 80,
	    .L_slot = 40,
	    .L_wait = 10,
	    .L_write = 30,
	    .utilisation = 1 },
	  "400 RPS x 0.2 s = 80 in flight; 40 slots, all busy: 10 wait" },
	/* No exponents, whatever the load. */
	{ { .window_s = 10,
	    .completions = 1694130,
	    .X = 169413,
	    .W_s = .0000207,
	    .XW = 3.507,
	    .L = 3.507,
	    .L_slot = 2.001,
	    .L_wait = .00052,
	    .utilisation = .05 },
	  "169413 RPS x 0.0000207 s = 3.51 in flight; 2 of 40 slots busy, 0.00052 wait" },
	{ { .window_s = 10,
	    .completions = 26660,
	    .X = 2666,
	    .W_s = .769,
	    .XW = 2050.2,
	    .L = 2050.2,
	    .L_slot = 1318,
	    .L_wait = 12,
	    .utilisation = .6 },
	  "2666 RPS x 0.769 s = 2050 in flight; 1318 of 40 slots busy, 12 wait" },
	/* A queue that grows: most of L is of those still inside. */
	{ { .window_s = 10,
	    .completions = 9990,
	    .X = 999,
	    .W_s = .1046,
	    .XW = 104.5,
	    .edge = 148.2,
	    .L = 252.7,
	    .L_slot = 40,
	    .L_wait = 212.7,
	    .utilisation = 1 },
	  "999 RPS x 0.105 s = 105, and 148 more of those that have not left yet: 253 in flight; "
	  "40 slots, all busy: the other 213 wait" },
	{ { .window_s = 10,
	    .completions = 10,
	    .X = 1,
	    .W_s = 3.4,
	    .XW = 3.4,
	    .edge = 249.3,
	    .L = 252.7,
	    .L_slot = 40,
	    .L_wait = 212.7,
	    .utilisation = 1 },
	  "1 RPS x 3.4 s = 3.4, and 249.3 more of those that have not left yet: 252.7 in flight; "
	  "40 slots, all busy: the other 212.7 wait" },
	/* One that came to an end: most of their time was before. */
	{ { .window_s = 10,
	    .completions = 2000,
	    .X = 200,
	    .W_s = .515,
	    .XW = 103,
	    .edge = -80,
	    .L = 23,
	    .L_slot = 20,
	    .L_wait = 3,
	    .utilisation = .5 },
	  "200 RPS x 0.515 s = 103, less 80 from before the window: 23 in flight; "
	  "20 of 40 slots busy, 3 wait" },
	/* An edge no larger than the rounding is not told, and the rest adds up to what is. */
	{ { .window_s = 10,
	    .completions = 3980,
	    .X = 398,
	    .W_s = .151,
	    .XW = 60.1,
	    .edge = -.13,
	    .L = 59.97,
	    .L_slot = 39.9,
	    .L_wait = 20,
	    .utilisation = .9975 },
	  "398 RPS x 0.151 s = 60.1 in flight; 40 slots, all busy: the other 20.1 wait" },
	/* Forty are not quite busy: the others are fewer than those that wait. */
	{ { .window_s = 10,
	    .completions = 4000,
	    .X = 400,
	    .W_s = .10075,
	    .XW = 40.3,
	    .L = 40.3,
	    .L_slot = 39.3,
	    .L_wait = 1,
	    .utilisation = .9825 },
	  "400 RPS x 0.101 s = 40.3 in flight; 40 slots, all busy: 1 wait" },
	{ { .window_s = 10, .L = 2 }, "no request ended in 10 s; 2 in flight" },
};

START_TEST(says_what_is)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[SENTENCE_BYTES];

		sentence_of(&cases[i].law, 40, text);
		ck_assert_str_eq(text, cases[i].says);
	}
}
END_TEST

UNIT_SUITE_OF(sentence, says_what_is)
