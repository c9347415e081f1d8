/*
 * Media types and lists of them (RFC 9110 8.3.1): "text/html", or "text" followed by a slash
 * and an asterisk for all of a kind.
 */
#ifndef BASE_MEDIA_H
#define BASE_MEDIA_H

#include <stdbool.h>

#include "base/slice.h"

/* One or more, separated by commas or spaces. */
bool media_list_is_valid(struct ltd_slice list);

/*
 * Is the type, the value of a Content-Type field with or without parameters, one of the list?
 * Case does not count.
 */
bool media_list_has(struct ltd_slice list, struct ltd_slice type);

#endif
