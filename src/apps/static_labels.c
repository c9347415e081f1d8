/* ETag and Last-Modified.  Runs in: leader, slot. */
#include "static_labels.h"

#include <stdio.h>

#include "static_text.h"

#define NS_PER_S 1000000000

/* Rounded down, also before 1970. */
static int64_t to_s(int64_t ns)
{
	return ns / NS_PER_S - (ns % NS_PER_S < 0);
}

void static_labels_make(struct static_labels *l, const struct static_identity *identity,
			int64_t now_ns)
{
	bool is_ahead = identity->modified_ns > now_ns;

	snprintf(l->etag, sizeof l->etag, "\"%lx-%lx-%lx\"", identity->inode, identity->size,
		 (uint64_t)identity->modified_ns);
	l->modified_s = to_s(is_ahead ? now_ns : identity->modified_ns);
	if (!static_date_write(l->modified, l->modified_s))
		l->modified[0] = '\0';
}

struct static_validators static_labels_validators(const struct static_labels *l)
{
	return (struct static_validators){
		.etag = text_of(l->etag),
		.modified_s = l->modified_s,
		.has_modified = l->modified[0] != '\0',
	};
}
