/*
 * One document from a statistics listener: connect, ask,
 * read to the end.  Blocks, for seconds at most.
 */
#ifndef CMD_FETCH_H
#define CMD_FETCH_H

#include "base/buf.h"

/*
 * `base` is http://HOST:PORT or unix:SOCKET, `path` begins with '/'.  0, with the body in `body`; or
 * -EIO with a sentence in `why`.
 */
int fetch(const char *base, const char *path, struct buf *body, struct buf *why);

#endif
