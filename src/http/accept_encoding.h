/* Which content coding a client would rather have (RFC 9110 12.5.3). */
#ifndef HTTP_ACCEPT_ENCODING_H
#define HTTP_ACCEPT_ENCODING_H

#include "http/request.h"

/*
 * True: gzip is acceptable, and no less wanted than the content as it is.  False without such a
 * field: any coding would do then, but not every client that says nothing can decode one.
 */
bool accepts_gzip(const struct request *rq);

#endif
