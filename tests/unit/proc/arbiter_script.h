/* Sequences of events for the arbiter: what happens, and in words what is then to be done. */
#ifndef TESTS_ARBITER_SCRIPT_H
#define TESTS_ARBITER_SCRIPT_H

#include "proc/arbiter.h"

#define WORKERS 3
#define SEATS 8
#define S 1000000000ull

extern struct arbiter arbiter;
extern struct seat seats[SEATS];
extern uint64_t now_ns;

/* Each gives the actions that follow, as "retire 0, spawn 4"; valid until the next. */
const char *on(enum arbiter_event_kind kind);
const char *at_seat(enum arbiter_event_kind kind, unsigned seat);
const char *ready(unsigned seat);
const char *exits(unsigned seat, int status);
const char *is_killed(unsigned seat);
const char *is_hurt(unsigned seat);
const char *wants_workers(unsigned workers);
const char *gets_edition(unsigned edition, unsigned workers, bool all_at_once);

/* The same of the last event. */
extern char done[1024];

/* A tick when it is due, and not before: how long it took. */
uint64_t pass_time(const char *expected);

/* Three workers on their way, or ready. */
void begin(void);
void serve(void);

#endif
