/* Printing numbers for people.  Runs in: any. */
#include "base/digits.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define PLACES_MAX 9

/* What is rounded up may get a digit more before the point: 9.996 is 10.00, 10 all the same. */
static int places_of(double n, unsigned digits)
{
	double size = fabs(n);
	int places = n == 0 ? 0 : (int)digits - 1 - (int)floor(log10(size));

	return places < 0 ? 0 : places > PLACES_MAX ? PLACES_MAX : places;
}

static void drop_zeros(char *text)
{
	char *point = strchr(text, '.');
	size_t len = strlen(text);

	if (!point)
		return;
	while (text[len - 1] == '0')
		len--;
	text[text + len - 1 == point ? len - 1 : len] = '\0';
}

const char *digits_print(double n, unsigned digits, char out[DIGITS_BYTES])
{
	snprintf(out, DIGITS_BYTES, "%.*f", places_of(n, digits), n);
	drop_zeros(out);
	return strcmp(out, "-0") == 0 ? memcpy(out, "0", 2) : out;
}

double digits_round(double n, double like, unsigned digits)
{
	double scale = pow(10, places_of(like, digits));

	return round(n * scale) / scale;
}
