/* A small JSON writer.  Runs in: any. */
#include "metrics/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* The bytes of the UTF-8 sequence at `at` (RFC 3629 4), or 0 if there is none. */
static unsigned utf8_length(const unsigned char *at)
{
	static const struct {
		unsigned char low, high, second_low, second_high, length;
	} leads[] = {
		{ 0x00, 0x7f, 0x00, 0x00, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (unsigned i = 0; i < sizeof leads / sizeof *leads; i++) {
		if (at[0] < leads[i].low || at[0] > leads[i].high)
			continue;
		if (leads[i].length > 1 &&
		    (at[1] < leads[i].second_low || at[1] > leads[i].second_high))
			return 0;
		for (unsigned k = 2; k < leads[i].length; k++)
			if ((at[k] & 0xc0) != 0x80)
				return 0;
		return leads[i].length;
	}
	return 0;
}

static void put_string(struct buf *out, const char *text)
{
	buf_append(out, "\"", 1);
	for (const char *at = text; *at;) {
		unsigned length = utf8_length((const unsigned char *)at);

		if (length == 0)
			buf_puts(out, "\\ufffd");
		else if (*at == '"' || *at == '\\')
			buf_printf(out, "\\%c", *at);
		else if ((unsigned char)*at < 0x20 || *at == 0x7f)
			buf_printf(out, "\\u%04x", (unsigned)*at);
		else
			buf_append(out, at, length);
		at += length ? length : 1;
	}
	buf_append(out, "\"", 1);
}

/* What stands before a value: a comma, and its key. */
static void begin_value(struct json *j, const char *key)
{
	if (j->wants_comma)
		buf_append(j->out, ",", 1);
	j->wants_comma = true;
	if (key) {
		put_string(j->out, key);
		buf_append(j->out, ":", 1);
	}
}

static void open_with(struct json *j, const char *key, const char *bracket)
{
	begin_value(j, key);
	buf_puts(j->out, bracket);
	j->wants_comma = false;
}

static void close_with(struct json *j, const char *bracket)
{
	buf_puts(j->out, bracket);
	j->wants_comma = true;
}

void json_open_object(struct json *j, const char *key)
{
	open_with(j, key, "{");
}

void json_close_object(struct json *j)
{
	close_with(j, "}");
}

void json_open_array(struct json *j, const char *key)
{
	open_with(j, key, "[");
}

void json_close_array(struct json *j)
{
	close_with(j, "]");
}

void json_string(struct json *j, const char *key, const char *text)
{
	begin_value(j, key);
	put_string(j->out, text);
}

void json_count(struct json *j, const char *key, uint64_t n)
{
	begin_value(j, key);
	buf_printf(j->out, "%" PRIu64, n);
}

void json_null(struct json *j, const char *key)
{
	begin_value(j, key);
	buf_puts(j->out, "null");
}

void json_number(struct json *j, const char *key, double n)
{
	char text[32];

	if (!isfinite(n) || n == 0)
		n = 0; /* and no -0 */
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, n);
		if (strtod(text, NULL) == n)
			break;
	}
	begin_value(j, key);
	buf_puts(j->out, text);
}

void json_seconds(struct json *j, const char *key, double ns)
{
	json_number(j, key, ns / (double)NS_PER_S);
}
