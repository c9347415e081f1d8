/* Access log formats: compiled once, followed for every request.  Runs in: any. */
#include "http/access.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "http/access_atoms.h"
#include "http/chars.h"

struct access_piece {
	access_atom_fn *put;
	struct ltd_slice text; /* the literal, or the name between braces */
};

static void add_piece(struct access *a, access_atom_fn *put, const char *at, size_t len)
{
	a->pieces[a->count++] = (struct access_piece){ put, slice_of(at, len) };
}

/* Behind "%(": the atom's length up to and with ")s", 0 if it is none. */
static size_t add_atom(struct access *a, const char *at)
{
	const char *end = strstr(at, ")s");
	size_t len = end ? (size_t)(end - at) : 0;

	if (len == 1 && access_atom(at[0])) {
		add_piece(a, access_atom(at[0]), at, 0);
	} else if (len > 3 && at[0] == '{' && at[len - 2] == '}' &&
		   chars_are_token(slice_of(at + 1, len - 3)) && strchr("io", at[len - 1])) {
		add_piece(a,
			  at[len - 1] == 'i' ? access_put_request_field : access_put_response_field,
			  at + 1, len - 3);
	} else {
		return 0;
	}
	return len + 2;
}

/* One piece off the front; NULL if it is no atom. */
static const char *compile_piece(struct access *a, const char *at)
{
	if (at[0] != '%') {
		size_t len = strcspn(at, "%");

		add_piece(a, access_put_literal, at, len);
		return at + len;
	}
	if (at[1] == '%') {
		add_piece(a, access_put_literal, at, 1);
		return at + 2;
	}
	size_t len = at[1] == '(' ? add_atom(a, at + 2) : 0;
	return len ? at + 2 + len : NULL;
}

static int compile(struct access *a, char *why, size_t why_bytes)
{
	const char *at = a->format;

	while (*at) {
		const char *next = compile_piece(a, at);

		if (!next) {
			int shown = (int)strcspn(at, " \"");

			snprintf(why, why_bytes, "'%.*s' is no atom of the access log", shown, at);
			access_close(a);
			return -EINVAL;
		}
		at = next;
	}
	return 0;
}

int access_open(struct access *a, const char *format, char *why, size_t why_bytes)
{
	*a = (struct access){
		.format = strdup(format),
		.pieces = calloc(strlen(format) + 1, sizeof *a->pieces),
	};
	if (!a->format || !a->pieces) {
		snprintf(why, why_bytes, "no memory for the access log's format");
		access_close(a);
		return -ENOMEM;
	}

	struct ltd_slice all = slice_of_string(format);
	if (chars_clean(all) != all.len) {
		snprintf(why, why_bytes, "the access log's format holds a control byte");
		access_close(a);
		return -EINVAL;
	}
	return compile(a, why, why_bytes);
}

void access_close(struct access *a)
{
	free(a->format);
	free(a->pieces);
	*a = (struct access){ 0 };
}

size_t access_format(const struct access *a, const struct exchange *x, unsigned status,
		     uint64_t real_ns, char *out, size_t room)
{
	struct access_line l = { out, out + room - 1, x, status, real_ns, { NULL, 0 } };

	for (size_t i = 0; i < a->count; i++) {
		l.text = a->pieces[i].text;
		a->pieces[i].put(&l);
	}
	*l.at++ = '\n';
	return (size_t)(l.at - out);
}
