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
