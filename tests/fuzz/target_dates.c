/*
 * HTTP dates: what is read is written back as it was, by strftime(3); what is written is read.
 *
 * The input: eight bytes for now, eight for a date to write, and a text to read.
 */
#include "fuzz.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "apps/static_date.h"

#define TEXT_BYTES_MAX 64
#define YEAR_10000 INT64_C(253402300800)

static const struct format {
	const char *text;
	bool has_century;
} formats[] = {
	{ "%a, %d %b %Y %H:%M:%S GMT", true },
	{ "%A, %d-%b-%y %H:%M:%S GMT", false },
	{ "%a %b %e %H:%M:%S %Y", true },
	{ "%a %b %d %H:%M:%S %Y", true },
};

#define FORMATS (sizeof formats / sizeof *formats)

/* As strftime(3) has it, in the C locale; years of four digits. */
static void format_date(const struct format *f, int64_t seconds, char out[TEXT_BYTES_MAX])
{
	time_t at = (time_t)seconds;
	struct tm t;
	char pattern[TEXT_BYTES_MAX], year[16];
	const char *place = strstr(f->text, "%Y");

	gmtime_r(&at, &t);
	snprintf(year, sizeof year, "%04d", t.tm_year + 1900);
	if (place)
		snprintf(pattern, sizeof pattern, "%.*s%s%s", (int)(place - f->text), f->text, year,
			 place + 2);
	else
		snprintf(pattern, sizeof pattern, "%s", f->text);
	strftime(out, TEXT_BYTES_MAX, pattern, &t);
}

/* The same but for the name of the day, which is not looked at? */
static bool is_same_date(const char *a, const char *b)
{
	static const char *const ends = ", ";

	return strcmp(a + strcspn(a, ends), b + strcspn(b, ends)) == 0;
}

static int year_of(int64_t seconds)
{
	time_t at = (time_t)seconds;
	struct tm t;

	gmtime_r(&at, &t);
	return t.tm_year + 1900;
}

/* Two digits stand for the latest such year that is not more than 50 ahead. */
static bool is_near(int64_t seconds, int64_t now_s)
{
	int ahead = year_of(seconds) - year_of(now_s);

	return ahead <= 50 && ahead > -50;
}

static void check_read(struct ltd_slice text, int64_t now_s)
{
	char sent[TEXT_BYTES_MAX + 1] = "", written[TEXT_BYTES_MAX];
	int64_t seconds;
	bool is_known = false;

	if (!static_date_read(text, now_s, &seconds))
		return;
	FUZZ_CHECK(text.len <= TEXT_BYTES_MAX, "a date of %zu bytes", text.len);
	memcpy(sent, text.at, text.len);
	if (strstr(sent, ":60")) /* a leap second: the first of the next minute */
		return;
	for (size_t i = 0; i < FORMATS && !is_known; i++) {
		format_date(&formats[i], seconds, written);
		is_known = is_same_date(sent, written) &&
			   (formats[i].has_century || is_near(seconds, now_s));
	}
	FUZZ_CHECK(is_known, "'%s' was read as %lld", sent, (long long)seconds);
}

static void check_write(int64_t seconds, int64_t now_s)
{
	char out[STATIC_DATE_BYTES + 1], text[TEXT_BYTES_MAX];
	int64_t back;

	format_date(&formats[0], seconds, text);
	FUZZ_CHECK(static_date_write(out, seconds) && strcmp(out, text) == 0, "'%s', not '%s'", out,
		   text);
	for (size_t i = 0; i < FORMATS; i++) {
		format_date(&formats[i], seconds, text);
		if (!formats[i].has_century && !is_near(seconds, now_s))
			continue;
		FUZZ_CHECK(static_date_read((struct ltd_slice){ text, strlen(text) }, now_s, &back),
			   "'%s' cannot be read", text);
		FUZZ_CHECK(back == seconds, "'%s' is %lld, not %lld", text, (long long)back,
			   (long long)seconds);
	}
}

/* A time of the years 1970 to 9999. */
static int64_t take_time(const uint8_t *input)
{
	uint64_t n;

	memcpy(&n, input, sizeof n);
	return (int64_t)(n % YEAR_10000);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t len)
{
	if (len < 16)
		return 0;
	int64_t now_s = take_time(input);
	check_write(take_time(input + 8), now_s);
	check_read((struct ltd_slice){ (const char *)input + 16, len - 16 }, now_s);
	return 0;
}
