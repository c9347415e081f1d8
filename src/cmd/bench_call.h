/*
 * The generator's requests: issued by plan or by user, asked over a link, ended.
 *
 *	issue --> waiting (no connection free) --> asking (on a link) --> ended
 *	  ^                                                                 |
 *	  '---------------- thinking (closed loop) <------------------------'
 *
 * Nothing is sent from the callback of a link: client_issue(), called once a turn of the loop,
 * sends all that is due, so that failures at once cannot recurse.
 */
#ifndef CMD_BENCH_CALL_H
#define CMD_BENCH_CALL_H

#include <stdio.h>

#include "base/pool.h"
#include "cmd/bench_link.h"
#include "cmd/bench_options.h"

struct call {
	struct list node;
	uint64_t intended_ns, sent_ns;
	double at; /* its place in the window, 0 to 1 */
	unsigned target;
	bool is_measured, was_retried;
};

struct client {
	const struct bench_options *o;
	struct result *result;
	FILE *log;
	struct link_shared shared;
	struct ev_io alarm;
	struct ev_timer tick;
	struct ev_prepare turn;
	struct ev_signal interrupt, termination;
	struct plan plan;
	struct planned next;
	uint64_t start_ns, open_ns, close_ns; /* the window; close_ns is UINT64_MAX for --requests */
	uint64_t issued, busy, links;
	bool is_issuing, is_blocked; /* blocked: no backlog, descriptor or port for the next */
	struct list waiting, thinking, asking, idle[TARGETS_MAX];
	struct pool link_pool, call_pool;
};

/* Asks and issues what is due; some may be left for the next turn. */
void client_issue(struct client *c, uint64_t now_ns);
/* When client_issue() has something to do again, other than after an answer. */
uint64_t client_due_ns(const struct client *c, uint64_t now_ns);
/* Of an open loop's schedule, none is left for the window. */
bool client_has_issued_all(const struct client *c);
void client_stop_issuing(struct client *c, uint64_t now_ns);

/* Gives up what is older than the timeout. */
void client_expire(struct client *c, uint64_t now_ns);

/* The schedule is over and the queue grew: its rest would only be waited for in vain. */
bool client_is_hopeless(struct client *c, uint64_t now_ns);
/* Ends whatever is still under way, as unfinished. */
void client_abandon(struct client *c);

/* 0 or a negative errno value. */
int client_open_link(struct client *c, unsigned endpoint, bool is_patient, struct link **opened);
void client_drop_link(struct client *c, struct link *l);

/* A user of the closed loop, thinking until now. */
int client_add_user(struct client *c);

/* For link_shared. */
void client_on_end(struct link *l, enum outcome outcome);
void client_on_lost(struct link *l);

#endif
