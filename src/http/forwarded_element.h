/*
 * The Forwarded field taken apart (RFC 7239 4).
 *
 *	for=192.0.2.60;proto=http;by=203.0.113.43, for="[2001:db8::17]:4711"
 *	|------------- one element -------------|  |------- another ------|
 */
#ifndef HTTP_FORWARDED_ELEMENT_H
#define HTTP_FORWARDED_ELEMENT_H

#include "base/arena.h"

struct forwarded_element {
	struct ltd_slice node;  /* of "for"; `at` NULL if it is not there */
	struct ltd_slice proto; /* likewise */
};

enum forwarded_verdict { FORWARDED_ELEMENT, FORWARDED_END, FORWARDED_MALFORMED };

/*
 * The next element off the front of *rest.  Unquoted values may hold colons and brackets, as
 * many proxies write them; space may stand around separators.  Values with a quoted-pair (RFC
 * 9110 5.6.4) are unescaped into the arena.
 */
enum forwarded_verdict forwarded_next(struct ltd_slice *rest, struct arena *a,
				      struct forwarded_element *e);

#endif
