/*
 * An exchange: one request, its response, its stamps and its memory.  The thing that flows.
 *
 * Taken from the loop's pool when a request's first byte is read, given back when its last
 * byte is sent.  It belongs to its conn's holder: the leader, or the slot that handles it.
 */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include "http/client.h"
#include "http/hold.h"
#include "http/parser.h"
#include "http/request.h"
#include "http/response.h"
#include "http/stamps.h"
#include "http/stream.h"

struct conn;
struct turnlock;
struct hand;
struct mount;
struct exchange;

/*
 * What a handler may ask of the connection while it runs.  Here because the floor that calls
 * knows no sockets; NULL in an exchange without a connection.
 */
struct exchange_link {
	bool (*is_gone)(struct exchange *x); /* nobody can receive the answer any more */

	/* Sends what its stream holds, waiting for the client; 0 or a negative errno value. */
	int (*flush)(struct exchange *x);
};

/* One block of the pool; what is left behind the struct is the arena's first block. */
#define EXCHANGE_BYTES 4096

/* exchange.slot of a request no slot has handled. */
#define EXCHANGE_NO_SLOT UINT32_MAX

struct exchange {
	struct exchange *next; /* in the ready queue, or among the answered of a conn */
	struct conn *conn;
	const struct exchange_link *link;
	struct hand *hand;     /* of the thread that handles it */
	struct turnlock *lock; /* its handler holds it while it computes; NULL: there is none */
	struct stamps stamps;
	struct parser parser;
	struct request request;
	struct response response;
	struct arena arena;

	const struct ltd_route *route; /* NULL: refused, or no such path */
	const struct mount *mount;
	unsigned route_index;  /* the board's row */
	unsigned slot, worker; /* where it was handled, for the log */
	unsigned concurrency;  /* requests in flight when the handler started */
	uint64_t bytes_out;
	uint8_t sent_ahead; /* bytes of the head, sent before there was one: net/conn_gone.c */
	bool wants_close;   /* the connection ends after this response */
	hold_word hold;     /* who may answer it while a slot has it */
	_Alignas(16) char space[]; /* the arena's first block */
};

void exchange_init(struct exchange *x, struct conn *c, const struct limits *limits);
void exchange_fini(struct exchange *x);

/*
 * What the handler adds to the body.  Of a stream whose buffer is full it is sent at once, from
 * where it is, and this waits for the client.  0 or a negative errno value.
 */
int exchange_write(struct exchange *x, const void *bytes, size_t len);
int exchange_file(struct exchange *x, int fd, off_t offset, uint64_t len);

#endif
