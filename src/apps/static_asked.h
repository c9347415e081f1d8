/* The fields of a request that bear on how a file is sent. */
#ifndef APPS_STATIC_ASKED_H
#define APPS_STATIC_ASKED_H

#include <littled/request.h>

/* Their values; `at` NULL: not sent.  What may stand once and stands twice is "". */
struct static_asked {
	struct ltd_slice if_match, if_none_match, accept_encoding; /* lists, all lines of them */
	struct ltd_slice if_modified_since, if_unmodified_since, if_range, range;
};

void static_asked_read(struct static_asked *asked, struct ltd_exchange *x);

#endif
