/* The dates of HTTP (RFC 9110 5.6.7), in whole seconds since 1970. */
#ifndef APPS_STATIC_DATE_H
#define APPS_STATIC_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include <littled/slice.h>

#define STATIC_DATE_BYTES 29 /* Sun, 06 Nov 1994 08:49:37 GMT */

/*
 * Reads any of the three formats a recipient must accept.  False for anything else.  `now_s`
 * settles the century of the obsolete format with two digits of the year.
 */
bool static_date_read(struct ltd_slice text, int64_t now_s, int64_t *seconds);

/* Writes the one format to send, and a NUL.  False for a year that has not four digits. */
bool static_date_write(char out[STATIC_DATE_BYTES + 1], int64_t seconds);

#endif
