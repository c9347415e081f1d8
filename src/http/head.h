/* The head of a response as bytes, and how the end of its body is marked. */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include "http/response.h"

/* RFC 9112 6.3 */
enum framing {
	FRAMING_NONE,    /* such a response has no content: 204, 304 (RFC 9110 8.6) */
	FRAMING_LENGTH,  /* Content-Length */
	FRAMING_CHUNKED, /* Transfer-Encoding: chunked, HTTP/1.1 */
	FRAMING_CLOSE,   /* the end of the connection, HTTP/1.0 */
};

/* May a response of this status have content at all? */
static inline bool head_allows_content(unsigned status)
{
	return status != 204 && status != 304;
}

/*
 * Makes rs->head of status, type and fields; FRAMING_LENGTH: with the length of rs->body.
 * False: memory is short, and there is no head.
 */
bool head_put(struct response *rs, const struct response_frame *frame, enum framing framing);

#endif
