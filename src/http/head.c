/*
 * The head of a response, put together by hand in one allocation: this is on the path of every
 * request.
 *
 * Runs in: leader, slot.
 */
#include "http/head.h"

#include <time.h>

#include "base/clock.h"
#include "http/put.h"
#include "http/server_timing.h"
#include "http/status.h"

#define PREFIX_MAX 128 /* longer than any reason phrase makes it */
#define FIXED_MAX (PREFIX_MAX + RESPONSE_DATE_BYTES + PUT_DIGITS_MAX + 64)

static struct ltd_slice connection_field(const struct response_frame *frame)
{
	if (!frame->keep_alive)
		return LTD_SLICE("Connection: close\r\n");
	return frame->version < 11 ? LTD_SLICE("Connection: keep-alive\r\n") : LTD_SLICE("");
}

static char *put_prefix(char *to, unsigned status)
{
	struct ltd_slice prefix = status_prefix(status);

	if (prefix.at)
		return put(to, prefix);
	to = put_number(PUT(to, RESPONSE_BEGINS), status);
	to = put(PUT(to, " "), status_reason(status));
	return PUT(to, "\r\nServer: littled\r\nDate: ");
}

bool head_put(struct response *rs, const struct response_frame *frame, enum framing framing)
{
	struct ltd_slice connection = connection_field(frame);
	size_t max = FIXED_MAX + rs->type.len + rs->fields_len + connection.len +
		     (frame->timing ? SERVER_TIMING_MAX : 0);
	char *head = arena_alloc(rs->arena, max), *to = head;

	if (!head)
		return false;
	to = put_prefix(to, rs->status);
	to = PUT(put_bytes(to, frame->date, RESPONSE_DATE_BYTES), "\r\n");
	if (rs->type.at && head_allows_content(rs->status)) /* RFC 9110 15.4.5: none in a 304 */
		to = PUT(put(PUT(to, "Content-Type: "), rs->type), "\r\n");
	if (rs->fields_len)
		to = put_bytes(to, rs->fields, rs->fields_len);
	if (frame->timing)
		to = server_timing_put(to, frame->timing);
	if (framing == FRAMING_LENGTH)
		to = PUT(put_number(PUT(to, "Content-Length: "), rs->body.len), "\r\n");
	else if (framing == FRAMING_CHUNKED)
		to = PUT(to, "Transfer-Encoding: chunked\r\n");
	to = PUT(put(to, connection), "\r\n");
	rs->head = slice_of(head, (size_t)(to - head));
	return true;
}

static char *put_two(char *to, int n)
{
	*to++ = (char)('0' + n / 10 % 10);
	*to++ = (char)('0' + n % 10);
	return to;
}

/* IMF-fixdate, in English whatever the locale (RFC 9110 5.6.7). */
void response_date(char out[RESPONSE_DATE_BYTES + 1], uint64_t real_ns)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t seconds = (time_t)(real_ns / NS_PER_S);
	struct tm t;

	gmtime_r(&seconds, &t);
	char *to = put_bytes(out, days + 3 * t.tm_wday, 3);
	to = put_two(PUT(to, ", "), t.tm_mday);
	to = put_bytes(PUT(to, " "), months + 3 * t.tm_mon, 3);
	to = put_two(PUT(to, " "), (t.tm_year + 1900) / 100);
	to = put_two(to, t.tm_year % 100);
	to = put_two(PUT(to, " "), t.tm_hour);
	to = put_two(PUT(to, ":"), t.tm_min);
	to = put_two(PUT(to, ":"), t.tm_sec);
	to = PUT(to, " GMT");
	*to = '\0';
}
