/*
 * A worker's one libev loop, and what all its connections share.
 *
 * Invariant: only the thread that holds the baton (the leader, see proc/slots.h) touches a
 * loop, its pools, its lists, and any conn that is not BUSY.
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/pool.h"
#include "http/access.h"
#include "http/exchange.h"
#include "http/gzip.h"
#include "http/slow.h"
#include "metrics/board.h"
#include "net/pace.h"

/* What each of a worker's threads has for itself. */
struct hand {
	struct tally *tally; /* NULL: nothing is counted */
	unsigned index;
	uint64_t date_second;
	char date[RESPONSE_DATE_BYTES + 1];
	struct gzip gzip;
};

/* How long a connection may stay in a state, and how many there may be. */
struct loop_limits {
	struct limits request;
	uint64_t keep_alive_ns, header_ns, body_ns;
	uint64_t body_rate;        /* bytes a second */
	uint64_t body_buffer;      /* largest body that stays in memory */
	const char *body_temp_dir; /* where the others are stored; NULL: they stay, too */
	uint64_t requests;         /* on one connection; 0: any number */
	struct pace_limits pace;   /* of clients, taking their answers */
	unsigned connections;
	unsigned address_connections; /* 0: any number */
	bool server_timing;           /* tell clients how long it took */
	bool proxy_protocol;          /* and who must speak it */
	struct networks proxy_senders;
};

struct loop;
struct crowd;

struct loop_ops {
	/*
	 * A whole request is there.  True: it is answered (conn_answer).  False: it waits for a
	 * slot, and the conn may be in another thread's hands already.
	 */
	bool (*request)(struct loop *loop, struct exchange *x);

	/* The client holds the body back.  True: it is wanted.  False: it is answered already. */
	bool (*wants_body)(struct loop *loop, struct exchange *x);

	/* Each turn, after the poll and before any connection's event. */
	void (*turn)(struct loop *loop);

	/* A connection was closed, or its first request came: the acceptor may want to know. */
	void (*room)(struct loop *loop);
};

struct loop {
	struct ev_loop *ev;
	int poll_fd;       /* libev's epoll descriptor; -1: not found */
	struct hand *hand; /* the leading thread's */
	const struct loop_ops *ops;
	const struct loop_limits *limits;
	struct board *board;
	struct worker_row *row;
	struct slot_row *slot_row; /* one for each slot */
	struct crowd *crowd;       /* NULL: nobody counts the connections of an address */
	void *owner;               /* the worker's */
	unsigned worker;
	unsigned row_refused; /* the board's route row for refused requests */
	const struct access *access;
	const struct gzip_rules *gzip;  /* NULL: nothing is compressed */
	const struct slow *slow;        /* NULL: slow requests are not told */
	const struct sink *access_sink; /* NULL: no access log */
	_Atomic bool is_draining;       /* every response ends its connection */
	bool is_gated; /* others accept from the same listeners: leave it to those with room */

	uint64_t now_ns; /* monotonic, of this turn */
	int64_t real_minus_mono_ns;
	ev_timer deadlines;
	ev_check check;
	struct list conns[CONN_STATE_COUNT]; /* by state, longest in it first */
	struct list shelf;                   /* written off: see conn_writeoff.c */
	unsigned conn_count;
	uint64_t closed_count;  /* connections that have ended */
	uint64_t store_told_ns; /* when the log last said that bodies cannot be stored; 0: never */
	struct pool conn_pool, exchange_pool, input_pool;
};

/* The caller has filled in the members from `ops` to `is_gated`.  0 or -ENOMEM. */
int loop_open(struct loop *l);

/* Closes what connections are left. */
void loop_close(struct loop *l);

/* One turn: waits for events and handles them. */
void loop_turn(struct loop *l);

/*
 * Makes the kernel forget a descriptor now.  Closing does not, while another process holds the
 * same open file (epoll(7), questions 6): its events would come here for ever.
 */
void loop_forget(struct loop *l, int fd);

/* The kernel's CLOCK_REALTIME stamp on our time base; 0 for one that cannot be true. */
uint64_t loop_from_real(const struct loop *l, uint64_t real_ns);

/* The HTTP date of now, made at most once a second a thread. */
const char *hand_date(struct hand *h);

/* Makes sure the deadline timer runs. */
void loop_watch_deadlines(struct loop *l);

#endif
