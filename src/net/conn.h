/*
 * A client's connection: bytes in, exchanges through, bytes out, in order.
 *
 *	          first byte            whole request, for a slot
 *	 FRESH ---------------> READING ------------------------> BUSY <------> MOVING
 *	                          ^  ^                             |   (peers)
 *	          first byte      |  |  inline: answered at once   | answered
 *	 IDLE --------------------+  |                             v
 *	   ^                         +------------------------- (sent?)
 *	   |  all sent, kept alive        pipelined                |  not all
 *	   +-------------------------------------------------------+-------> FLUSHING --> (sent?)
 *	                                                           |  the last one
 *	                                                           +-------> LINGERING --> closed
 *
 * Owner: the leader; while BUSY, whoever has its exchange: the ready queue, then the slot's thread,
 * which may call conn_answer(), conn_send() and (for its handler) conn_link, no more.  One request
 * at a time is read; what follows it waits in the input until it is answered.
 *
 * FRESH also while a PROXY header is awaited or read (conn_proxy.c).
 *
 * An idle connection holds neither input nor exchange: they go back to the loop's pools.
 */
#ifndef NET_CONN_H
#define NET_CONN_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "net/loop.h"
#include "net/pace.h"

#define CONN_INPUT_BYTES 16384
#define CONN_BATCH 32 /* pipelined answers that may wait for their common writev(2) */

#define CONN_IMAGE_PIECES 6

enum send_result {
	SEND_DONE,
	SEND_BLOCKED,     /* for now */
	SEND_FAILED,      /* for ever: conn.failure says why */
	SEND_WRITTEN_OFF, /* a leader has answered instead: see http/hold.h */
};

struct conn {
	ev_io io;
	struct list node; /* in loop->conns[state] */
	struct loop *loop;
	struct exchange *x;        /* being read, waiting or handled */
	struct exchange *answered; /* sealed and not wholly sent, oldest first */
	struct exchange *answered_last;
	struct exchange *sent;           /* to be given back to the pool by the leader */
	char *in;                        /* NULL when idle */
	uint32_t in_at, in_len, in_room; /* the current message begins at in_at */
	uint32_t answered_count;
	uint64_t since_ns; /* of the state */
	uint64_t accepted_ns;
	uint64_t arrived_ns; /* of the bytes read last, 0: not stamped by the kernel */
	uint64_t parted_ns;  /* our side has ended */
	uint64_t requests;
	uint64_t bytes_out; /* given to the kernel */
	enum conn_state state;
	enum close_reason failure; /* why no more can be sent; CLOSE_COUNT: it can */
	struct pace pace;          /* of the client, while what is answered waits for it */
	enum send_result returned; /* of the slot's conn_send(), for the leader */
	struct conn *next_returned;
	bool is_paused;     /* not watched for input */
	bool must_close;    /* once what is answered is sent */
	bool is_brief;      /* its first answer is its last: see shortage.h */
	bool must_reset;    /* not merely closed: what the kernel still has of it goes, too */
	bool is_unfinished; /* a stream that its closing would make look whole (RFC 9112 8) */
	bool was_refused, was_moved, said_continue;
	uint8_t interim_left; /* bytes of 100 Continue still to be sent, before what is answered */
	bool awaits_header;   /* a PROXY header comes first */
	bool is_secure;       /* and said that the client came by TLS */
	bool peer_is_proxy;   /* trusted to say who its client is */
	struct client client;
};

/* Takes over a socket just accepted.  NULL: memory is short, and the socket is closed. */
struct conn *conn_open(struct loop *l, int fd, const struct sockaddr_storage *peer);

/* Reads what is there and goes as far as it can.  False: nothing was; the conn is watched. */
bool conn_read(struct conn *c);

/* Everything ends here: stops watching, settles what was under way, closes the socket. */
void conn_close(struct conn *c, enum close_reason why);

/* The one place where a state changes: the list, the gauge and the deadline follow. */
void conn_set_state(struct conn *c, enum conn_state state);

/* Has the deadline of its state passed?  What then happens. */
bool conn_is_overdue(const struct conn *c);
void conn_expire(struct conn *c);

/*
 * Which connection would make room for another: one that has said nothing since it was opened
 * and had the time to, or else the one idle for longest.  NULL: none may.
 */
struct conn *conn_to_evict(const struct loop *l);

/* Closes an idle connection; but a request that came in this very moment is served: false. */
bool conn_end_idle(struct conn *c, enum close_reason why);

/* Seals x's response and puts it behind the answers to be sent; c->x is then free. */
void conn_answer(struct hand *h, struct exchange *x);

/* Answers with a line of plain text and ends the connection after it. */
void conn_refuse(struct exchange *x, unsigned status, const char *why);

/* The same for what exceeds a limit, which is counted. */
void conn_refuse_excess(struct exchange *x, enum limit limit);

/*
 * Nobody can receive the answer to this request any more (a client that has only ended its own
 * side still can: see conn_gone.c), so no handler starts.  Called where conn_answer() would be;
 * may send what all answers begin with.
 */
bool conn_is_abandoned(struct hand *h, struct exchange *x);
void conn_abandon(struct hand *h, struct exchange *x);

/* Sends what is answered; called by the leader, or the slot's thread while BUSY. */
enum send_result conn_send(struct hand *h, struct conn *c);

/* Back with the leader after a handler: goes on with the result of conn_send(). */
void conn_resume(struct conn *c, enum send_result result);

/*
 * Moving to another process.  conn_image() describes the bytes to be parsed again there: the
 * request that waits (a chunked body as one chunk), and what follows it.
 */
struct conn_image {
	struct iovec piece[CONN_IMAGE_PIECES];
	unsigned count;
	size_t bytes;
	char chunk_head[24];
};
void conn_image(const struct conn *c, struct conn_image *image);

/* What goes with the bytes, or alone with a connection that has no request. */
struct conn_passport {
	uint64_t accepted_ns, requests;
	uint64_t stored_bytes; /* of its body, which travels as a descriptor; 0: none */
	struct stamps stamps;  /* of the waiting request */
	struct client client;
	bool is_secure, awaits_header;
};
void conn_passport(const struct conn *c, struct conn_passport *p);

/* Its body's descriptor; -1: it has none. */
int conn_body_fd(const struct conn *c);

/* What came of it: the descriptors, and the image's bytes. */
struct conn_arrival {
	int fd, body_fd;
	const char *bytes;
	size_t len;
};

/*
 * Takes in a moved connection: BUSY, its request parsed again.  NULL: it could not be (the
 * descriptors are then still the caller's).
 */
struct conn *conn_adopt(struct loop *l, const struct conn_passport *p, const struct conn_arrival *a);

/* No request, and nothing that was read for one: part of a PROXY header may have been. */
static inline bool conn_holds_nothing(const struct conn *c)
{
	return !c->x && c->in_at == c->in_len;
}

/* The same for one that came without a request; NULL: memory is short. */
struct conn *conn_adopt_idle(struct loop *l, int fd, const struct conn_passport *p);

/* MOVING without a request, and nobody took it: as it was before. */
void conn_come_back(struct conn *c);

/* The connection lives on elsewhere: forget it here, without a word to the client. */
void conn_let_go(struct conn *c);

/*
 * Its handler has lost the right to answer (http/hold.h), and may look at it as long as it likes.
 * Nothing of the answer is out: gives a new connection over the same socket, BUSY, whose exchange is
 * to be answered.  NULL: memory or descriptors are short, and nothing has changed.
 */
struct conn *conn_write_off(struct conn *c);

/* The same when the client cannot be answered (any more): the socket is shut down for all. */
void conn_cut_off(struct conn *c);

/* Frees what those two have left behind; no handler runs any more. */
void conn_clear_shelf(struct loop *l);

static inline bool conn_is_in_body(const struct conn *c)
{
	return c->x && c->x->request.head_done;
}

/* --- for the other conn_*.c files ------------------------------------------ */

struct conn *conn_new(struct loop *l, int fd, enum conn_state state);
void conn_free(struct conn *c, enum close_reason why);

/* Whose connection it is: counts it as that client's, and says whether that is a trusted proxy. */
void conn_identify(struct conn *c, const struct client *who);
struct exchange *conn_begin(struct conn *c);
void conn_parse(struct conn *c);
void conn_pause(struct conn *c);
void conn_watch(struct conn *c, int events);
void conn_recycle(struct conn *c);

/* Why a connection ends that is answered for the last time. */
enum close_reason conn_last_reason(const struct conn *c);
void conn_release_input(struct conn *c);

/*
 * Takes out of memory what has come of a body that is too large for it.  Once the message is
 * whole its rest follows.  0, or a negative errno value: the request cannot be served.
 */
int conn_store_body(struct conn *c, bool is_whole);

static inline bool conn_is_storing(const struct conn *c)
{
	return c->x && c->x->request.stored.fd >= 0;
}
bool conn_fill_input(struct conn *c, const char *bytes, size_t len);
void conn_leave(struct conn *c); /* out of the loop's lists and gauges */
/* What is under way ends now, unanswered, as that status. */
void conn_give_up(struct conn *c, unsigned status);

/* A request is over, answered or not: its last stamp, its count, its lines in the logs. */
void conn_settle(struct hand *h, const struct loop *l, struct exchange *x, unsigned status,
		 uint64_t now_ns);

/* Asked by a running handler: is there nobody to receive its answer any more?  See conn_gone.c. */
bool conn_client_is_gone(struct exchange *x);

/* The head is there: what of it has been sent so does not go again. */
void conn_skip_sent_ahead(struct exchange *x);

/* Behind those to be sent. */
void conn_append_answered(struct conn *c, struct exchange *x);

/* What the head needs to know of the connection. */
void conn_frame(struct hand *h, const struct exchange *x, struct response_frame *frame);

/*
 * Compress, where options and client have it so: the response of a handler that is done, and a
 * stream about to begin.
 */
void conn_encode(struct exchange *x);
void conn_encode_stream(struct exchange *x);

/* 100 Continue (RFC 9110 15.2.1); what does not go now, goes before all that conn_send() sends. */
enum send_result conn_invite_body(struct hand *h, struct conn *c);

/* Sends from x on: how many bytes went, or a negative errno value, the failure noted. */
long conn_send_some(struct conn *c, struct exchange *x);
void conn_count_sent(struct hand *h, struct conn *c, uint64_t bytes);

/* The client's pace counts from now; then, why it is to be given up, or CLOSE_COUNT. */
void conn_begin_pace(const struct conn *c, struct pace *pace, uint64_t now_ns);
enum close_reason conn_judge_pace(const struct conn *c, struct pace *pace, uint64_t now_ns);

/* It was too slow: nothing more is sent, and what the kernel still has goes with the socket. */
void conn_fail_slow(struct conn *c, enum close_reason why);

static inline bool conn_has_failed(const struct conn *c)
{
	return c->failure != CLOSE_COUNT;
}

/* Must a connection from there begin with a PROXY header (net/conn_proxy.c)? */
bool conn_proxy_is_due(const struct loop *l, const struct client *peer);

/* Reads it.  True: done or refused, and there are bytes for the parser. */
bool conn_proxy_take(struct conn *c);

/* Is what is refused a PROXY header where none is due?  Counts it. */
bool conn_proxy_intrudes(const struct conn *c);

/* What a handler may ask of its connection. */
extern const struct exchange_link conn_link;

/* Sets the stamps a request that never reached a handler still lacks, and counts its way. */
void conn_skip_handler(struct hand *h, struct exchange *x, uint64_t now_ns);

#endif
