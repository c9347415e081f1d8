/*
 * The content of responses, compressed for clients that take it (RFC 9110 8.4.1.3).
 *
 * Who compresses has one `struct gzip`, a thread each: some 260 KiB from its first use on, whatever
 * it compresses.  What comes out is in the exchange's arena.
 */
#ifndef HTTP_GZIP_H
#define HTTP_GZIP_H

#include <zlib.h>

#include "http/request.h"
#include "http/response.h"

/* What is worth it. */
struct gzip_rules {
	struct ltd_slice types; /* a list: see base/media.h */
	uint64_t min_length;
	int level; /* 1 to 9 */
};

/* All zero: not used yet. */
struct gzip {
	z_stream z;
	bool is_open;
};

void gzip_fini(struct gzip *g);

/*
 * Compresses the body of a response its handler is done with, if it is worth it, may be done,
 * the client takes it, and it is no longer than `max`.  Adds the fields that go with it: Vary also
 * where another client would have got it compressed.
 */
void gzip_whole(struct gzip *g, const struct gzip_rules *rules, struct response *rs,
		const struct request *rq, uint64_t max);

/* The same for a stream about to begin: how long it will be does not count. */
void gzip_stream(struct gzip *g, const struct gzip_rules *rules, struct response *rs,
		 const struct request *rq);

/* --- for stream.c ---------------------------------------------------------- */

/* Room into which a full buffer of a stream goes, compressed, with all that ends it. */
size_t gzip_stream_room(struct gzip *g);

/*
 * Compresses from the front of the chain, which it eats, into to[0..room): how much it made, or a
 * negative errno value.  All of the chain is in what was made so far once *is_over.
 */
long gzip_some(struct gzip *g, struct piece **from, char *to, size_t room, bool is_last,
	       bool *is_over);

#endif
