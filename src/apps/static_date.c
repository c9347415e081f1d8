/*
 * HTTP dates, without strptime(3) and strftime(3): those speak the locale's language.
 * Runs in: leader, slot.
 */
#include "static_date.h"

#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include "static_text.h"

static const char *const days[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
				    "Thursday", "Friday", "Saturday" };
static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
				      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

#define DAY_SHORT 3 /* letters of "Sun" */

/* The number of the name that `rest` begins with, cut off it; -1 if none.  `len` 0: whole names. */
static int cut_name(struct ltd_slice *rest, const char *const names[], int count, size_t len)
{
	for (int i = 0; i < count; i++) {
		size_t n = len ? len : strlen(names[i]);

		if (rest->len >= n && memcmp(rest->at, names[i], n) == 0) {
			*rest = text_skip(*rest, n);
			return i;
		}
	}
	return -1;
}

static int cut_number(struct ltd_slice *rest, size_t digits)
{
	int n = 0;

	if (rest->len < digits)
		return -1;
	for (size_t i = 0; i < digits; i++) {
		if (rest->at[i] < '0' || rest->at[i] > '9')
			return -1;
		n = n * 10 + rest->at[i] - '0';
	}
	*rest = text_skip(*rest, digits);
	return n;
}

/* A day of the month, its first digit perhaps a space (asctime(3)). */
static int cut_padded_day(struct ltd_slice *rest)
{
	if (rest->len > 0 && rest->at[0] == ' ') {
		*rest = text_skip(*rest, 1);
		return cut_number(rest, 1);
	}
	return cut_number(rest, 2);
}

/* "94": of the years that end so, the latest not more than 50 years ahead (RFC 9110 5.6.7). */
static int full_year(int two_digits, int64_t now_s)
{
	time_t now = (time_t)now_s;
	struct tm t;

	gmtime_r(&now, &t);
	int last = t.tm_year + 1900 + 50;
	return last - (last - two_digits) % 100;
}

/* The pieces that are numbers, and where they go. */
static const struct number {
	char letter;
	unsigned digits;
	int low, high;
	size_t member;
} numbers[] = {
	{ 'd', 2, 1, 31, offsetof(struct tm, tm_mday) },
	{ 'H', 2, 0, 23, offsetof(struct tm, tm_hour) },
	{ 'M', 2, 0, 59, offsetof(struct tm, tm_min) },
	{ 'S', 2, 0, 60, offsetof(struct tm, tm_sec) }, /* 60: a leap second */
	{ 'Y', 4, 0, 9999, offsetof(struct tm, tm_year) },
	{ 'y', 2, 0, 99, offsetof(struct tm, tm_year) },
};

static bool cut_number_piece(struct ltd_slice *rest, char letter, struct tm *t)
{
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		const struct number *n = &numbers[i];

		if (n->letter != letter)
			continue;
		int value = cut_number(rest, n->digits);
		*(int *)((char *)t + n->member) = value;
		return value >= n->low && value <= n->high;
	}
	return false;
}

/* One piece of a format; false if the text has something else there. */
static bool cut_piece(struct ltd_slice *rest, char letter, int64_t now_s, struct tm *t)
{
	switch (letter) {
	case 'a':
		return cut_name(rest, days, 7, DAY_SHORT) >= 0;
	case 'A':
		return cut_name(rest, days, 7, 0) >= 0;
	case 'b':
		t->tm_mon = cut_name(rest, months, 12, 0);
		return t->tm_mon >= 0;
	case 'e':
		t->tm_mday = cut_padded_day(rest);
		return t->tm_mday > 0;
	}
	if (!cut_number_piece(rest, letter, t))
		return false;
	if (letter == 'y')
		t->tm_year = full_year(t->tm_year, now_s);
	if (letter == 'y' || letter == 'Y')
		t->tm_year -= 1900;
	return true;
}

static bool has_format(struct ltd_slice text, const char *format, int64_t now_s, struct tm *t)
{
	for (const char *f = format; *f; f++) {
		if (*f == '%') {
			if (!cut_piece(&text, *++f, now_s, t))
				return false;
		} else if (text.len > 0 && text.at[0] == *f) {
			text = text_skip(text, 1);
		} else {
			return false;
		}
	}
	return text.len == 0;
}

bool static_date_read(struct ltd_slice text, int64_t now_s, int64_t *seconds)
{
	static const char *const formats[] = {
		"%a, %d %b %Y %H:%M:%S GMT", /* IMF-fixdate */
		"%A, %d-%b-%y %H:%M:%S GMT", /* obsolete: RFC 850 */
		"%a %b %e %H:%M:%S %Y",      /* obsolete: asctime(3) */
	};

	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		struct tm t = { 0 };

		if (!has_format(text, formats[i], now_s, &t))
			continue;
		int day = t.tm_mday, second = t.tm_sec;
		t.tm_sec = 0;
		*seconds = timegm(&t) + second;
		return t.tm_mday == day; /* the 30th of February becomes another */
	}
	return false;
}

bool static_date_write(char out[STATIC_DATE_BYTES + 1], int64_t seconds)
{
	time_t at = (time_t)seconds;
	struct tm t;

	if (!gmtime_r(&at, &t) || t.tm_year < 0 - 1900 || t.tm_year > 9999 - 1900)
		return false;
	snprintf(out, STATIC_DATE_BYTES + 1, "%.3s, %02d %s %04d %02d:%02d:%02d GMT",
		 days[t.tm_wday], t.tm_mday, months[t.tm_mon], t.tm_year + 1900, t.tm_hour,
		 t.tm_min, t.tm_sec);
	return true;
}
