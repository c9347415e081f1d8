/* The second opinion; each function is a rule of the grammar.  Runs in: the tests. */
#include "reader.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "reader_bytes.h"

/* --- bytes ---------------------------------------------------------------- */

static bool refuse(struct reader *r, const char *why)
{
	if (!r->is_refused)
		r->why = why;
	r->is_refused = true;
	return false;
}

static bool is_text(char c)
{
	return (unsigned char)c >= 0x80 || (c > 0x20 && c < 0x7f);
}

static bool at_end(const struct reader *r)
{
	return r->at == r->end;
}

static bool next_is(const struct reader *r, char c)
{
	return !at_end(r) && *r->at == c;
}

/* Wants that byte: false at the end, refused for another. */
static bool take(struct reader *r, char c, const char *why)
{
	if (at_end(r))
		return false;
	if (*r->at != c)
		return refuse(r, why);
	r->at++;
	return true;
}

static bool take_crlf(struct reader *r)
{
	return take(r, '\r', "no CRLF") && take(r, '\n', "no LF behind CR");
}

/* As many bytes of the set as there are. */
static struct ltd_slice take_all(struct reader *r, const char *set)
{
	struct ltd_slice s = { r->at, 0 };

	while (!at_end(r) && reader_is_in(*r->at, set))
		r->at++;
	s.len = (size_t)(r->at - s.at);
	return s;
}

static bool is_word(struct ltd_slice s, const char *word)
{
	return s.len == strlen(word) && strncasecmp(s.at, word, s.len) == 0;
}

static struct ltd_slice trim(struct ltd_slice s)
{
	while (s.len > 0 && reader_is_in(s.at[0], BLANKS))
		s.at++, s.len--;
	while (s.len > 0 && reader_is_in(s.at[s.len - 1], BLANKS))
		s.len--;
	return s;
}

/* The next member of a comma-separated list, off its front; false when there is none left. */
static bool next_member(struct ltd_slice *list, struct ltd_slice *member)
{
	size_t n = 0;

	if (!list->at)
		return false;
	while (n < list->len && list->at[n] != ',')
		n++;
	*member = trim((struct ltd_slice){ list->at, n });
	*list = n == list->len ? (struct ltd_slice){ NULL, 0 }
			       : (struct ltd_slice){ list->at + n + 1, list->len - n - 1 };
	return true;
}

/* --- request-line = method SP request-target SP HTTP-version CRLF (RFC 9112 3) ---- */

static bool split_query(struct reader *r, struct ltd_slice s)
{
	const char *mark = s.len ? memchr(s.at, '?', s.len) : NULL;

	r->path = s;
	if (mark) {
		r->path.len = (size_t)(mark - s.at);
		r->query = (struct ltd_slice){ mark + 1, s.len - r->path.len - 1 };
	}
	return !reader_has_half_escape(r->path) || refuse(r, "half an escape in the path");
}

/* Behind "http://" (RFC 9112 3.2.2); this server has no other schemes. */
static bool judge_absolute(struct reader *r, size_t scheme)
{
	struct ltd_slice rest = { r->target.at + scheme, r->target.len - scheme };
	size_t n = 0;

	while (n < rest.len && !reader_is_in(rest.at[n], "/?"))
		n++;
	r->host = (struct ltd_slice){ rest.at, n };
	r->host_of_target = true;
	if (!reader_is_authority(r->host, false))
		return refuse(r, "absolute-form with a bad authority");
	if (!split_query(r, (struct ltd_slice){ rest.at + n, rest.len - n }))
		return false;
	if (r->path.len == 0)
		r->path = LTD_SLICE("/");
	return true;
}

static bool judge_target(struct reader *r)
{
	struct ltd_slice t = r->target;

	if (t.len == 0)
		return refuse(r, "an empty target");
	if (r->method.len == 7 && memcmp(r->method.at, "CONNECT", 7) == 0)
		return reader_is_authority(t, true) || refuse(r, "CONNECT takes host:port");
	if (t.len >= 7 && strncasecmp(t.at, "http://", 7) == 0)
		return judge_absolute(r, 7);
	if (t.len >= 8 && strncasecmp(t.at, "https://", 8) == 0)
		return judge_absolute(r, 8);
	if (!split_query(r, t))
		return false;
	if (t.at[0] == '/')
		return true;
	if (t.len == 1 && t.at[0] == '*' && r->method.len == 7 &&
	    memcmp(r->method.at, "OPTIONS", 7) == 0)
		return true;
	return refuse(r, "no form of a target");
}

/* HTTP-version = "HTTP/" DIGIT "." DIGIT, and the first of them 1. */
static bool take_version(struct reader *r)
{
	for (const char *c = "HTTP/1."; *c; c++)
		if (!take(r, *c, "no version of HTTP/1"))
			return false;
	if (at_end(r))
		return false;
	if (!reader_is_in(*r->at, DIGITS))
		return refuse(r, "no minor version");
	r->minor = (unsigned)(*r->at++ - '0');
	return true;
}

static bool take_request_line(struct reader *r)
{
	const char *begin;

	for (; next_is(r, '\r'); r->empty_lines++)
		if (!take_crlf(r))
			return false;
	begin = r->at;
	r->method = take_all(r, TCHARS);
	if (r->method.len == 0 && !at_end(r))
		return refuse(r, "no method");
	if (!take(r, ' ', "no space behind the method"))
		return false;
	r->target.at = r->at;
	while (!at_end(r) && is_text(*r->at) && (unsigned char)*r->at < 0x7f && *r->at != '#')
		r->at++;
	r->target.len = (size_t)(r->at - r->target.at);
	if (!take(r, ' ', "no space behind the target") || !take_version(r))
		return false;
	r->line_bytes = (size_t)(r->at - begin);
	return judge_target(r) && take_crlf(r);
}

/* --- field-line = field-name ":" OWS field-value OWS (RFC 9112 5) ----------------- */

static bool take_field_line(struct reader *r, struct reader_field *f)
{
	const char *begin = r->at;

	f->name = take_all(r, TCHARS);
	if (f->name.len == 0 && !at_end(r))
		return refuse(r, "no field name");
	if (!take(r, ':', "no colon right behind the field name"))
		return false;
	f->value.at = r->at;
	while (!at_end(r) && (is_text(*r->at) || reader_is_in(*r->at, BLANKS)))
		r->at++;
	f->value.len = (size_t)(r->at - f->value.at);
	f->value = trim(f->value);
	if ((size_t)(r->at - begin) > r->field_bytes_max)
		r->field_bytes_max = (size_t)(r->at - begin);
	return take_crlf(r);
}

static bool judge_host(struct reader *r, struct ltd_slice value)
{
	if (r->has_host)
		return refuse(r, "two Host fields");
	r->has_host = true;
	if (!r->host_of_target)
		r->host = value;
	if (value.len == 0 && r->minor >= 1 && !r->host_of_target)
		return refuse(r, "an empty Host");
	return value.len == 0 || reader_is_authority(value, false) || refuse(r, "a bad Host");
}

static bool judge_length(struct reader *r, struct ltd_slice value)
{
	if (r->has_length)
		return refuse(r, "two Content-Length fields");
	r->has_length = true;
	return reader_to_number(value, &r->length) || refuse(r, "a bad Content-Length");
}

/* Any coding but chunked alone could not be read (RFC 9112 6.1). */
static bool judge_coding(struct reader *r, struct ltd_slice value)
{
	if (r->is_chunked)
		return refuse(r, "two Transfer-Encoding fields");
	r->is_chunked = true;
	return is_word(value, "chunked") || refuse(r, "a coding that is not chunked");
}

static bool judge_connection(struct reader *r, struct ltd_slice value)
{
	struct ltd_slice option;

	while (next_member(&value, &option)) {
		r->says_close = r->says_close || is_word(option, "close");
		r->says_keep_alive = r->says_keep_alive || is_word(option, "keep-alive");
	}
	return true;
}

static bool judge_expect(struct reader *r, struct ltd_slice value)
{
	struct ltd_slice member;

	while (next_member(&value, &member))
		if (member.len && !is_word(member, "100-continue"))
			r->has_foreign_expectation = true;
	return true;
}

static bool judge_type(struct reader *r, struct ltd_slice value)
{
	(void)value;
	r->types++;
	return true;
}

static const struct {
	const char *name;
	bool (*judge)(struct reader *r, struct ltd_slice value);
	bool frames; /* may not stand in the trailers (RFC 9110 6.5.1) */
} judges[] = {
	{ "Host", judge_host, true },
	{ "Content-Length", judge_length, true },
	{ "Transfer-Encoding", judge_coding, true },
	{ "Connection", judge_connection, false },
	{ "Expect", judge_expect, false },
	{ "Content-Type", judge_type, false },
};

#define JUDGES (sizeof judges / sizeof *judges)

static bool judge_field(struct reader *r, const struct reader_field *f)
{
	for (size_t i = 0; i < JUDGES; i++)
		if (is_word(f->name, judges[i].name))
			return judges[i].judge(r, f->value);
	return true;
}

static bool take_fields(struct reader *r)
{
	while (!next_is(r, '\r')) {
		struct reader_field *f = &r->fields[r->field_count];

		if (r->field_count == READER_FIELDS_MAX)
			return refuse(r, "more fields than this reader holds");
		if (!take_field_line(r, f) || !judge_field(r, f))
			return false;
		r->field_count++;
	}
	return take_crlf(r);
}

/* What the fields say together (RFC 9112 3.2, 6.1, 6.3, 9.3). */
static bool judge_head(struct reader *r)
{
	if (r->minor >= 1 && !r->has_host)
		return refuse(r, "HTTP/1.1 without Host");
	if (r->is_chunked && r->has_length)
		return refuse(r, "both Transfer-Encoding and Content-Length");
	if (r->is_chunked && r->minor == 0)
		return refuse(r, "Transfer-Encoding in HTTP/1.0");
	r->keep_alive = !r->says_close && (r->minor >= 1 || r->says_keep_alive);
	return true;
}

/* --- the body (RFC 9112 6, 7.1) ------------------------------------------------------ */

static bool take_bytes(struct reader *r, uint64_t n)
{
	for (; n > 0; n--) {
		if (at_end(r))
			return false;
		if (r->body_len == READER_BODY_MAX)
			return refuse(r, "a longer body than this reader holds");
		r->body[r->body_len++] = *r->at++;
	}
	return true;
}

/* quoted-string, its opening quote ahead (RFC 9110 5.6.4) */
static bool take_quoted(struct reader *r)
{
	r->at++;
	while (!at_end(r) && *r->at != '"') {
		if (*r->at == '\\' && ++r->at == r->end)
			return false;
		if (!is_text(*r->at) && !reader_is_in(*r->at, BLANKS))
			return refuse(r, "a control byte in a quoted string");
		r->at++;
	}
	return take(r, '"', "no closing quote");
}

/* chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] ) */
static bool take_extension(struct reader *r)
{
	const char *name_end;

	take_all(r, BLANKS);
	if (!take(r, ';', "no extension behind the chunk size"))
		return false;
	take_all(r, BLANKS);
	if (take_all(r, TCHARS).len == 0 && !at_end(r))
		return refuse(r, "an extension without a name");
	name_end = r->at;
	take_all(r, BLANKS);
	if (!next_is(r, '=')) {
		r->at = at_end(r) ? r->at : name_end;
		return true;
	}
	r->at++;
	take_all(r, BLANKS);
	if (next_is(r, '"'))
		return take_quoted(r);
	return take_all(r, TCHARS).len > 0 || at_end(r) || refuse(r, "an extension without a value");
}

/* chunk-size [ chunk-ext ] CRLF */
static bool take_chunk_size(struct reader *r, uint64_t *size)
{
	struct ltd_slice digits = take_all(r, HEX);
	const char *begin = r->at;

	if (digits.len == 0 && !at_end(r))
		return refuse(r, "no chunk size");
	*size = 0;
	for (size_t i = 0; i < digits.len; i++) {
		char digit[2] = { digits.at[i], '\0' };

		if (*size >> 60)
			return refuse(r, "a chunk size over 64 bits");
		*size = *size << 4 | strtoul(digit, NULL, 16);
	}
	while (!at_end(r) && *r->at != '\r')
		if (!take_extension(r))
			return false;
	/* Zeros in front, beyond what any 64-bit number takes, are bounded with the extensions. */
	r->extension_bytes += (size_t)(r->at - begin) + (digits.len > 16 ? digits.len - 16 : 0);
	return take_crlf(r);
}

static bool take_trailers(struct reader *r)
{
	const char *begin = r->at;
	struct reader_field f;

	while (!next_is(r, '\r')) {
		if (!take_field_line(r, &f))
			return false;
		for (size_t i = 0; i < JUDGES; i++)
			if (judges[i].frames && is_word(f.name, judges[i].name))
				return refuse(r, "a trailer that frames");
	}
	/* As a line is measured: without its CRLF, the last one's. */
	r->trailer_bytes = r->at > begin ? (size_t)(r->at - begin) - 2 : 0;
	return take_crlf(r);
}

static bool take_chunks(struct reader *r)
{
	uint64_t size;

	do {
		if (!take_chunk_size(r, &size) || !take_bytes(r, size))
			return false;
		if (size > 0 && !take_crlf(r))
			return false;
	} while (size > 0);
	return take_trailers(r);
}

static bool take_message(struct reader *r)
{
	if (!take_request_line(r) || !take_fields(r) || !judge_head(r))
		return false;
	return r->is_chunked ? take_chunks(r) : take_bytes(r, r->length);
}

enum reader_verdict reader_read(struct reader *r, const char *bytes, size_t len)
{
	memset(r, 0, sizeof *r);
	r->at = bytes;
	r->end = bytes + len;
	if (take_message(r))
		return READER_WHOLE;
	return r->is_refused ? READER_REFUSED : READER_MORE;
}
