/*
 * One connection of the generator: sends a request, reads its answer, says how it ended.
 *
 *	link_open --> idle <--> busy (link_send ... on_end) --> link_close
 *
 * on_end may close the link, and must not send on it: the owner sends from its own loop
 * turn, so that failures at once do not recurse.
 */
#ifndef CMD_BENCH_LINK_H
#define CMD_BENCH_LINK_H

#include <ev.h>
#include <llhttp.h>

#include "base/list.h"
#include "cmd/bench_result.h"

struct link;

/* The answer is whole, or will never be. */
typedef void link_end_fn(struct link *l, enum outcome outcome);
/* An idle link was closed by the other side. */
typedef void link_lost_fn(struct link *l);

/* What all links of one generator share. */
struct link_shared {
	struct ev_loop *loop;
	link_end_fn *on_end;
	link_lost_fn *on_lost;
	char *bytes; /* to read into: nothing read is kept */
	size_t bytes_room;
	void *owner;
};

struct link {
	struct ev_io io;
	struct list node;
	struct link_shared *shared;
	llhttp_t llhttp;
	unsigned endpoint;
	const struct target *target; /* being asked; NULL: idle */
	void *call;                  /* the owner's */
	size_t written;
	bool was_used;  /* has brought an answer before */
	bool has_begun; /* bytes of the present answer have come */
	bool is_whole;  /* the present answer is complete */
	bool can_stay;  /* and the connection stays open behind it */
};

/*
 * Begins to connect; 0 or a negative errno value (-EAGAIN: the backlog of a unix socket is
 * full).  `is_patient` waits until it is connected.
 */
int link_open(struct link *l, struct link_shared *shared, const struct endpoint *e, bool is_patient);
void link_close(struct link *l);

/*
 * The answer is not waited for any more: closing the link will reset the connection.  An ordinary
 * close would look like a client that has only ended its own side, and be served all the same.
 */
void link_abort(struct link *l);

void link_send(struct link *l, const struct target *t, void *call);

/* The outcome that a negative errno value stands for. */
enum outcome outcome_of_error(int error);

#endif
