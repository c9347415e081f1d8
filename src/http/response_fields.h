/* The fields a response has so far, looked at and changed. */
#ifndef HTTP_RESPONSE_FIELDS_H
#define HTTP_RESPONSE_FIELDS_H

#include "http/response.h"

/* The value of the first field of that name (any case); `at` NULL if there is none. */
struct ltd_slice response_find_field(const struct response *rs, struct ltd_slice name);

/* Does a field of that name, a list, have this member (any case), perhaps with an argument? */
bool response_lists(const struct response *rs, struct ltd_slice name, struct ltd_slice member);

/* Takes the first field of that name away, if there is one. */
void response_drop_field(struct response *rs, struct ltd_slice name);

/* Adds a field, unchecked.  False when memory is short. */
bool response_add_field(struct response *rs, struct ltd_slice name, struct ltd_slice value);

/*
 * What has a coding chosen for one client is not byte for byte the same for all: a strong ETag
 * becomes a weak one (RFC 9110 8.8.1).
 */
void response_weaken_etag(struct response *rs);

#endif
