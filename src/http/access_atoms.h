/* What an atom of the access log's format puts into a line. */
#ifndef HTTP_ACCESS_ATOMS_H
#define HTTP_ACCESS_ATOMS_H

#include "http/exchange.h"

/* A line in the making. */
struct access_line {
	char *at, *end; /* `end` leaves room for the '\n' */
	const struct exchange *x;
	unsigned status;
	uint64_t real_ns;
	struct ltd_slice text; /* of the piece being put: the literal, or the name in braces */
};

typedef void access_atom_fn(struct access_line *l);

/* The atom %(id)s, or NULL. */
access_atom_fn *access_atom(char id);

void access_put_literal(struct access_line *l);
void access_put_request_field(struct access_line *l);
void access_put_response_field(struct access_line *l);

#endif
