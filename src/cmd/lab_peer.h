/*
 * A client of one connection, for what the generator has no
 * load for: one slow request, a slow sender, a slow reader.
 */
#ifndef CMD_LAB_PEER_H
#define CMD_LAB_PEER_H

#include "cmd/lab_server.h"

/* Connects and sends the text.  A descriptor, or a negative errno value with a sentence in `why`. */
int lab_peer_open(const struct lab_server *s, const char *text, struct buf *why);

/* Connects and asks for the path. */
int lab_peer_ask(const struct lab_server *s, const char *path, struct buf *why);

/*
 * Waits until as many requests are in the server's slots or before them; it must be about to be so.
 */
int lab_peer_wait(const struct lab_server *s, unsigned in_flight, struct buf *why);

#endif
