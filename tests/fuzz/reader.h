/*
 * The second opinion: a small, slow reader of RFC 9112, written from the grammar and sharing no
 * code with src/.  It knows no limits and no streams: it is given bytes and says whether a
 * message lies in front, and what it says.
 *
 * Where the RFC lets a server choose between mending and refusing (a bare LF, a folded field),
 * it refuses; what it takes and littled may refuse is counted, for the target to judge.
 */
#ifndef TESTS_FUZZ_READER_H
#define TESTS_FUZZ_READER_H

#include <stdbool.h>
#include <stdint.h>

#include <littled/slice.h>

#define READER_FIELDS_MAX 128
#define READER_BODY_MAX 4096

enum reader_verdict { READER_MORE, READER_WHOLE, READER_REFUSED };

struct reader_field {
	struct ltd_slice name, value;
};

struct reader {
	const char *at, *end; /* what has not been read yet */
	bool is_refused;      /* for want of bytes it stops without being refused */
	const char *why;

	struct ltd_slice method, target, path, query, host;
	unsigned minor; /* HTTP/1.minor */
	struct reader_field fields[READER_FIELDS_MAX];
	size_t field_count;
	char body[READER_BODY_MAX];
	size_t body_len;
	bool keep_alive, has_length, is_chunked;
	uint64_t length; /* Content-Length */

	/* What littled may refuse though it is legal. */
	size_t empty_lines, line_bytes, field_bytes_max, extension_bytes;
	size_t trailer_bytes, types;
	bool has_foreign_expectation, host_of_target, has_host, says_close, says_keep_alive;
};

/* READER_WHOLE: the message is bytes[0..r->at - bytes). */
enum reader_verdict reader_read(struct reader *r, const char *bytes, size_t len);

#endif
