/*
 * Serving one request: finding its route, running its handler, taking the stamps around it.
 */
#ifndef PROC_SERVICE_H
#define PROC_SERVICE_H

#include "app/mount.h"
#include "net/conn.h"

/*
 * A whole request is there: an inline handler answers it on the spot, and so may the attempt of a
 * slot route; what needs a slot goes to the ready queue.  Unknown paths and methods are answered
 * here.  Leader only.  False: it is in the queue, and no longer the caller's.
 */
bool service_request(struct loop *l, struct exchange *x);

/*
 * The head of a request is there, and its client holds the body back until it is wanted.  False: no
 * path or method of ours wants it, and that is answered (RFC 9110 10.1.1).  Leader only.
 */
bool service_wants_body(struct loop *l, struct exchange *x);

/* service_request() for a request whose connection came from a sibling; it is for a slot. */
void service_accept_moved(struct loop *l, struct exchange *x, bool has_slot);

/*
 * 503 with Retry-After for a request that waits for a slot and was taken out of the queue: counted as
 * `why`, and its connection goes on.  Leader only.
 */
void service_shed(struct loop *l, struct exchange *x, enum counter why);

/* Takes the stamp at the handler's start and end, and counts it in and out of `where`. */
void service_start(struct hand *h, struct exchange *x, enum flow_id where);
void service_finish(struct hand *h, struct exchange *x, enum flow_id where);

/* Runs the handler. */
void service_handle(struct exchange *x);

#endif
