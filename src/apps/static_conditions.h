/*
 * Conditional requests (RFC 9110 13): what a client wants only if its copy is, or is not, the
 * current one.
 */
#ifndef APPS_STATIC_CONDITIONS_H
#define APPS_STATIC_CONDITIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "static_asked.h"

/* What tells one state of a file from another. */
struct static_validators {
	struct ltd_slice etag; /* with its quotes; a strong one */
	int64_t modified_s;
	bool has_modified;
};

enum static_condition {
	STATIC_CONDITION_HOLDS,
	STATIC_CONDITION_NOT_MODIFIED, /* 304: the client's copy is current */
	STATIC_CONDITION_FAILED,       /* 412 */
};

/* For GET and HEAD of something that is there, in the order of RFC 9110 13.2.2. */
enum static_condition static_conditions_check(const struct static_asked *asked,
					      const struct static_validators *v, int64_t now_s);

/* Is the part of the file asked for of the state the client knows (If-Range, RFC 9110 13.1.5)? */
bool static_conditions_range(const struct static_asked *asked, const struct static_validators *v,
			     int64_t now_s);

#endif
