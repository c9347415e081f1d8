/* Just enough of a JSON reader to check what was written. */
#ifndef TESTS_METRICS_READ_JSON_H
#define TESTS_METRICS_READ_JSON_H

/* Where the value at `at` ends, or NULL if it is none (RFC 8259). */
const char *json_end(const char *at);

/* The value at a path of keys and array indices, "workers/0/slots/1/state"; NULL: not there. */
const char *json_find(const char *document, const char *path);

/* The number at a path; fails the test when there is none. */
double json_number_at(const char *document, const char *path);

#endif
