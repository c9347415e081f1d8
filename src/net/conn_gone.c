/*
 * Is anybody there to receive the answer?
 *
 * Who has ended only his own side gets his answers (RFC 9112 9.6).  Who has closed his TCP socket
 * looks the same, until something is sent to him: then his kernel resets the connection.  All
 * answers begin alike, so that much can be sent before there is one, and tells the two apart within
 * a round trip.  Nothing else is sent before it is meant.
 * Runs in: leader, slot (while BUSY).
 */
#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "http/status.h"
#include "net/conn.h"
#include "net/sock.h"

/* Few leave sooner: what waited less is not worth a system call. */
#define LOOK_AFTER_NS (2 * NS_PER_MS)

static const char beginning[] = RESPONSE_BEGINS;

#define BEGINNING_BYTES (sizeof beginning - 1)

/* What was answered before on the connection goes first: until it has, nothing else can be sent. */
static void send_beginning(struct hand *h, struct exchange *x)
{
	const struct iovec iov = { (void *)beginning, BEGINNING_BYTES };

	if (x->conn->answered)
		return;
	long n = sock_send(x->conn->io.fd, &iov, 1, false);
	if (n <= 0)
		return;
	x->sent_ahead = (uint8_t)n;
	x->bytes_out += (uint64_t)n;
	conn_count_sent(h, x->conn, (uint64_t)n);
}

bool conn_is_abandoned(struct hand *h, struct exchange *x)
{
	int fd = x->conn->io.fd;

	if (clock_mono_ns() - x->stamps.at[STAMP_READY] < LOOK_AFTER_NS)
		return false;
	enum sock_end end = sock_end(fd);
	if (end == SOCK_READ_ENDED) {
		send_beginning(h, x);
		end = sock_end(fd);
	}
	return end == SOCK_GONE;
}

/*
 * Only sending needs the right to send, and while a slot has that its deadline waits: a handler that
 * asks over and over must not escape it so.  A stream that has begun does not get it, nor does an
 * inline handler, whose answer is about to follow.
 */
bool conn_client_is_gone(struct exchange *x)
{
	int fd = x->conn->io.fd;
	enum sock_end end = sock_end(fd);

	if (end == SOCK_READ_ENDED && !x->sent_ahead && hold_begin_sending(&x->hold)) {
		send_beginning(x->hand, x);
		hold_end_sending(&x->hold);
		end = sock_end(fd);
	}
	return end == SOCK_GONE || hold_is_written_off(&x->hold);
}

void conn_skip_sent_ahead(struct exchange *x)
{
	struct piece *first = x->response.out;

	if (!x->sent_ahead)
		return;
	assert(first->len >= x->sent_ahead && memcmp(first->at, beginning, x->sent_ahead) == 0);
	pieces_eat(&x->response.out, x->sent_ahead);
	x->sent_ahead = 0;
}

void conn_abandon(struct hand *h, struct exchange *x)
{
	conn_skip_handler(h, x, clock_mono_ns());
	x->conn->failure = CLOSE_CLIENT_WAITING;
	conn_append_answered(x->conn, x); /* closing the connection ends it */
}
