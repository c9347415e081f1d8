/* Pieces of URIs (RFC 3986): percent-decoding, query parameters, authorities. */
#ifndef HTTP_URI_H
#define HTTP_URI_H

#include <stdbool.h>

#include "base/arena.h"

/*
 * Percent-decodes into the arena; with `plus_is_space` also '+' (as in a form's query).
 * A piece that needs no decoding is given as it is.  False for a '%' without two digits, or
 * if the arena is short; *out is then `piece` itself.
 */
bool uri_decode(struct arena *a, struct ltd_slice piece, bool plus_is_space, struct ltd_slice *out);

/*
 * Undoes those escapes in a path that mean the same undone: of letters, digits, "-._~" (RFC 3986
 * 6.2.2.2).  All must be valid.  A path without such is given as it is.  False if the arena is short.
 */
bool uri_undo_needless(struct arena *a, struct ltd_slice path, struct ltd_slice *out);

/* Is every '%' followed by two hexadecimal digits (RFC 3986 2.1)? */
bool uri_escapes_are_valid(struct ltd_slice s);

/*
 * The first parameter of that name in "a=1&b=2": false if there is none.  Names are compared
 * decoded; a value that cannot be decoded is given as sent.
 */
bool uri_query_find(struct arena *a, struct ltd_slice query, struct ltd_slice name,
		    struct ltd_slice *value);

/*
 * Is it a host with, perhaps, a port (RFC 9110 7.2)?  No user information; the host not
 * empty; an empty port is legal (RFC 3986 3.2.3).
 */
bool uri_authority_is_valid(struct ltd_slice authority);

/* The same, and the port is there (RFC 9110 9.3.6: the target of CONNECT). */
bool uri_authority_has_port(struct ltd_slice authority);

#endif
