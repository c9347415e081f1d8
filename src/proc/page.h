/*
 * The page for people, as scripts/make-page made it: one file, in the program.
 */
#ifndef PROC_PAGE_H
#define PROC_PAGE_H

#include <littled/response.h>

/* Inline: the page, or 304 to who has it. */
int page_answer(struct ltd_exchange *x);

#endif
