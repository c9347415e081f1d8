/* The fields that name a file's state: ETag and Last-Modified, ready to be sent. */
#ifndef APPS_STATIC_LABELS_H
#define APPS_STATIC_LABELS_H

#include "static_conditions.h"
#include "static_date.h"
#include "static_find.h"

#define STATIC_ETAG_BYTES 56 /* three numbers of 16 digits, two dashes, two quotes */

struct static_labels {
	char etag[STATIC_ETAG_BYTES];
	char modified[STATIC_DATE_BYTES + 1]; /* "": a date HTTP cannot write */
	int64_t modified_s;
};

/*
 * The tag is made of inode, size and time of modification (in nanoseconds).  A date ahead of
 * the clock is sent as the present one (RFC 9110 8.8.2.1).
 */
void static_labels_make(struct static_labels *l, const struct static_identity *identity,
			int64_t now_ns);

struct static_validators static_labels_validators(const struct static_labels *l);

#endif
