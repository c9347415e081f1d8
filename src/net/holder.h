/*
 * Who holds an address that is in use: read from /proc, once, when a start has failed.
 *
 * /proc/net/tcp, tcp6 and unix give the socket's inode, /proc/PID/fd who has it open.  Descriptors
 * of other users can be seen by root alone: then the user is all there is to say.
 */
#ifndef NET_HOLDER_H
#define NET_HOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/address.h"

/*
 * One clause, "process 4711 (nginx) listens on port 80", and true; or false when nothing is known
 * (another network namespace, a socket that is bound but does not listen).
 */
bool holder_describe(const struct address *a, char *text, size_t text_bytes);

/* Do we listen there ourselves? */
bool holder_is_this_process(const struct address *a);

#endif
