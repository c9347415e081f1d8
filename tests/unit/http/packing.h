/* Compression in tests: an exchange to compress in, what to compress, and the way back. */
#ifndef TESTS_HTTP_PACKING_H
#define TESTS_HTTP_PACKING_H

#include "http/exchange.h"
#include "http/gzip.h"

extern const struct gzip_rules packing_rules;
extern struct response_frame packing_frame;
extern struct gzip packing;

/* A whole request in an exchange, whose answer has a type that is compressed. */
struct exchange *packing_begin(const char *request);
void packing_end(struct exchange *x);

/* A request for / that takes gzip. */
extern const char packing_asks[];

bool packing_head_has(const struct exchange *x, const char *line);

/* Up to 4 MiB: letters that compress to about a quarter, and bytes that do not compress. */
const char *packing_letters(size_t n);
const char *packing_noise(size_t n);

/* Fails the test unless this unpacks to that; to the end of it, or so far. */
void packing_check(struct ltd_slice packed, struct ltd_slice plain, bool to_the_end);

/* All of a chain of memory in one; returns the bytes behind `to`. */
size_t packing_gather(const struct piece *p, char *to);

#endif
