/*
 * Compressing answers: whose memory, and how much of the loop's time.
 * Runs in: leader, slot; each thread has its own `struct gzip`.
 */
#include "net/conn.h"

/* A body of a leader's answer may hold up everybody else for about a millisecond. */
#define LEADER_BYTES_MAX 65536

void conn_encode(struct exchange *x)
{
	const struct gzip_rules *rules = x->conn->loop->gzip;
	uint64_t max = x->slot == EXCHANGE_NO_SLOT ? LEADER_BYTES_MAX : UINT64_MAX;

	if (rules && !stream_has_begun(&x->response))
		gzip_whole(&x->hand->gzip, rules, &x->response, &x->request, max);
}

void conn_encode_stream(struct exchange *x)
{
	const struct gzip_rules *rules = x->conn->loop->gzip;

	if (rules)
		gzip_stream(&x->hand->gzip, rules, &x->response, &x->request);
}
