/* Numbers for people: so many digits that count, and never an exponent. */
#ifndef BASE_DIGITS_H
#define BASE_DIGITS_H

/* Enough for any double below a thousand million million. */
#define DIGITS_BYTES 32

/*
 * 2266.4 to three digits is "2266", 39.96 is "40", 0.0207 is "0.0207": digits before the point are
 * never rounded away, zeros at the end are left out.  Too small for nine places after the point is
 * "0".
 * Returns `out`.
 */
const char *digits_print(double n, unsigned digits, char out[DIGITS_BYTES]);

#endif
