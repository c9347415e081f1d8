/* Which compressed form of a file a client would take (Accept-Encoding, RFC 9110 12.5.3). */
#ifndef APPS_STATIC_ENCODINGS_H
#define APPS_STATIC_ENCODINGS_H

#include <littled/slice.h>

enum static_encoding {
#define ENCODING(NAME, coding, suffix) STATIC_ENCODING_##NAME,
#include "static_encodings.def"
#undef ENCODING
	STATIC_ENCODING_COUNT,
	STATIC_IDENTITY = STATIC_ENCODING_COUNT, /* as it is */
};

/* "br", and ".br" behind the file's name. */
struct static_encoding_row {
	const char *coding, *suffix;
};
extern const struct static_encoding_row static_encodings[STATIC_ENCODING_COUNT];

/*
 * Codings in the order the client would have them, ours among equals; what it will not take is
 * not there.  Ends with STATIC_IDENTITY, which is sent for want of others even if unwanted.
 */
struct static_preference {
	enum static_encoding order[STATIC_ENCODING_COUNT + 1];
};

/* `value` with `at` NULL: the field was not sent, and nothing but the file itself will do. */
void static_preference_read(struct static_preference *p, struct ltd_slice value);

#endif
