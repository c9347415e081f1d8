/* What the second opinion knows of single bytes, numbers and authorities. */
#ifndef TESTS_FUZZ_READER_BYTES_H
#define TESTS_FUZZ_READER_BYTES_H

#include <stdbool.h>
#include <stdint.h>

#include <littled/slice.h>

#define DIGITS "0123456789"
#define HEX DIGITS "abcdefABCDEF"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define TCHARS "!#$%&'*+-.^_`|~" DIGITS LETTERS
#define BLANKS " \t"

/* Is it one of the set?  NUL never is. */
bool reader_is_in(char c, const char *set);

/* 1*DIGIT, of 64 bits. */
bool reader_to_number(struct ltd_slice s, uint64_t *n);

/* uri-host [ ":" port ] (RFC 9110 7.2, RFC 3986 3.2) */
bool reader_is_authority(struct ltd_slice s, bool needs_port);

/* A "%" without two digits behind it (RFC 3986 2.1)? */
bool reader_has_half_escape(struct ltd_slice s);

#endif
