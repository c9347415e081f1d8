/*
 * Verbs: a line of words for the master, and what it answers, in text or JSON.
 *
 *	[json] WORD [WORD] [ARGUMENT]  -->  OK, newline, the answer  |  ERROR, newline, a sentence
 */
#ifndef PROC_VERBS_H
#define PROC_VERBS_H

#include "base/buf.h"

/* A control_answer_fn; the owner is a struct master. */
void verbs_answer(void *master, const char *line, struct buf *answer);

#endif
