/*
 * Writing JSON (RFC 8259) into a buffer.  Knows where commas go, escapes strings, and
 * never writes a number that is infinite or none.
 */
#ifndef METRICS_JSON_H
#define METRICS_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct json {
	struct buf *out;
	bool wants_comma;
};

/* `key` is NULL for an array's element and for the outermost value. */
void json_open_object(struct json *j, const char *key);
void json_close_object(struct json *j);
void json_open_array(struct json *j, const char *key);
void json_close_array(struct json *j);

/* Bytes that are no UTF-8 become U+FFFD. */
void json_string(struct json *j, const char *key, const char *text);
void json_count(struct json *j, const char *key, uint64_t n);
void json_null(struct json *j, const char *key);

/* The shortest of 15 to 17 digits that reads back as the same number; 0 for a non-finite one. */
void json_number(struct json *j, const char *key, double n);

/* Nanoseconds, as seconds. */
void json_seconds(struct json *j, const char *key, double ns);

#endif
