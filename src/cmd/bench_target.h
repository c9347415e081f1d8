/*
 * What is asked, and where: a URL with its weight in the mix, resolved once, and the bytes
 * of its request, written once.
 *
 * http://HOST[:PORT]/PATH and unix:SOCKET[:/PATH].  URLs at one address share an endpoint,
 * so that they share connections.
 */
#ifndef CMD_BENCH_TARGET_H
#define CMD_BENCH_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/buf.h"

#define TARGETS_MAX 64

struct endpoint {
	struct sockaddr_storage address;
	socklen_t address_bytes;
};

struct target {
	char *url;
	double weight;
	unsigned endpoint;
	char *wire; /* the request as sent */
	size_t wire_bytes;
};

struct targets {
	struct target target[TARGETS_MAX];
	struct endpoint endpoint[TARGETS_MAX];
	unsigned count, endpoints;
};

void targets_fini(struct targets *t);

/* 0, or -EINVAL with a sentence in `why`. */
int targets_add(struct targets *t, const char *url, double weight, struct buf *why);

/* `mix` names a file with a "WEIGHT URL" a line (# begins a comment), or is such a list
 * itself, separated by commas. */
int targets_add_mix(struct targets *t, const char *mix, struct buf *why);

/*
 * Writes every target's request.  `headers` is a number of whole lines, each with its CRLF,
 * or "".
 */
int targets_write(struct targets *t, const char *headers, bool keep_alive, struct buf *why);

#endif
