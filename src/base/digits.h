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

/* n to the last place that `like` shows with so many digits: 104.62 like 252.7 to three is 105. */
double digits_round(double n, double like, unsigned digits);

#endif
