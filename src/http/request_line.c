/* The request line.  Runs in: leader. */
#include "http/request_line.h"

#include <llhttp.h>

#include "http/chars.h"
#include "http/uri.h"

/*
 * The methods llhttp can read, but for those that are not HTTP's (ICE's SOURCE).
 * CONNECT is among them: its target is checked before it is refused.
 */
static const struct method {
	const char *name;
	uint8_t len, code;
} methods[] = { { "GET", 3, HTTP_GET },
		{ "HEAD", 4, HTTP_HEAD },
		{ "POST", 4, HTTP_POST },
#define METHOD(number, NAME, string) { #string, sizeof(#string) - 1, HTTP_##NAME },
		HTTP_METHOD_MAP(METHOD)
#undef METHOD
};

static bool find_method(struct request *rq, struct ltd_slice name)
{
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		if (methods[i].len != name.len || memcmp(methods[i].name, name.at, name.len) != 0)
			continue;
		rq->method_code = methods[i].code;
		rq->is_head = methods[i].code == HTTP_HEAD;
		return methods[i].code != HTTP_SOURCE;
	}
	return false;
}

static struct span span_of(const struct request *rq, struct ltd_slice s)
{
	return (struct span){ (uint32_t)(s.at - rq->base), (uint32_t)s.len };
}

/* HTTP-version = "HTTP/" DIGIT "." DIGIT (RFC 9112 2.3). */
static bool read_version(struct request *rq, struct ltd_slice s, size_t *version_at)
{
	if (s.len != 8 || memcmp(s.at, "HTTP/", 5) != 0 || s.at[6] != '.' ||
	    !char_is(s.at[5], CHAR_DIGIT) || !char_is(s.at[7], CHAR_DIGIT))
		return request_refuse(rq, 400, "the version is malformed");
	if (s.at[5] != '1')
		return request_refuse(rq, 505, "only HTTP/1.x is spoken here");
	rq->version = s.at[7] == '0' ? 10 : 11;
	if (s.at[7] > '1')
		*version_at = (size_t)(s.at - rq->base);
	return true;
}

/*
 * A '%' without two digits makes the path malformed (RFC 3986 2.1); in a query, where people
 * type it and browsers leave it, it is the app's to judge.
 */
static bool read_escapes(struct request *rq, struct ltd_slice path)
{
	if (!uri_escapes_are_valid(path))
		return request_refuse(rq, 400, "the target's path holds half an escape");
	if (!uri_undo_needless(rq->arena, path, &rq->plain_path))
		return request_refuse(rq, 503, "no memory for the path");
	return true;
}

/* The path and the query of `s`, which may be empty but for the '/' that `slash` points to. */
static bool split_path(struct request *rq, struct ltd_slice s, const char *slash)
{
	const char *mark = s.len ? memchr(s.at, '?', s.len) : NULL;
	size_t path_len = mark ? (size_t)(mark - s.at) : s.len;
	struct ltd_slice path = path_len ? slice_of(s.at, path_len) : slice_of(slash, 1);

	if (memchr(path.at, '%', path.len) && !read_escapes(rq, path))
		return false;
	rq->path = span_of(rq, path);
	if (mark)
		rq->query = span_of(rq, slice_of(mark + 1, s.len - path_len - 1));
	return true;
}

static bool read_absolute(struct request *rq, struct ltd_slice target, size_t scheme)
{
	struct ltd_slice rest = slice_of(target.at + scheme, target.len - scheme);
	size_t n = 0;

	while (n < rest.len && rest.at[n] != '/' && rest.at[n] != '?')
		n++;
	struct ltd_slice authority = slice_of(rest.at, n);
	if (!uri_authority_is_valid(authority))
		return request_refuse(rq, 400, "the target's authority is malformed");
	rq->host = span_of(rq, authority);
	rq->host_of_target = true;
	/* What a proxy would send on as "*" (RFC 9112 3.2.4). */
	rq->asks_of_server = n == rest.len && rq->method_code == HTTP_OPTIONS;
	/* An empty path is "/" (RFC 9110 4.2.3): borrow the last slash of the scheme's "//". */
	return split_path(rq, slice_of(rest.at + n, rest.len - n), rest.at - 1);
}

/* The four forms of a target (RFC 9112 3.2). */
static bool read_target(struct request *rq, struct ltd_slice target)
{
	struct ltd_slice http = LTD_SLICE("http://"), https = LTD_SLICE("https://");

	if (rq->method_code == HTTP_CONNECT) {
		if (!uri_authority_has_port(target))
			return request_refuse(rq, 400, "the target of CONNECT is host:port");
		return request_refuse(rq, 501, "CONNECT is not served here");
	}
	if (target.at[0] == '/')
		return split_path(rq, target, NULL);
	rq->asks_of_server =
		rq->method_code == HTTP_OPTIONS && target.len == 1 && target.at[0] == '*';
	if (rq->asks_of_server)
		return split_path(rq, target, NULL);
	if (target.len >= http.len && slice_eq_nocase(slice_of(target.at, http.len), http))
		return read_absolute(rq, target, http.len);
	if (target.len >= https.len && slice_eq_nocase(slice_of(target.at, https.len), https))
		return read_absolute(rq, target, https.len);
	return request_refuse(rq, 400, "the target is of no form this method allows");
}

/* HTTP/0.9 had "GET /path" alone; two words of which the second is no path are junk. */
static bool refuse_versionless(struct request *rq, struct ltd_slice target)
{
	if (target.at[0] != '/')
		return request_refuse(rq, 400, "the request line is malformed");
	return request_refuse(rq, 505, "a request line without a version");
}

bool request_line_read(struct request *rq, struct ltd_slice line, size_t *version_at)
{
	struct ltd_slice method = slice_of(line.at, chars_span(line, CHAR_TOKEN));
	const char *end = line.at + line.len;

	*version_at = 0;
	if (method.len == 0 || method.len == line.len || method.at[method.len] != ' ')
		return request_refuse(rq, 400, "the request line is malformed");

	struct ltd_slice target = slice_of(method.at + method.len + 1, line.len - method.len - 1);
	target.len = chars_span(target, CHAR_TARGET);
	rq->method = span_of(rq, method);
	rq->target = span_of(rq, target);
	/* Before anything is refused: an answer to HEAD has no body, whatever it says. */
	bool is_known = find_method(rq, method);
	if (target.len == 0)
		return request_refuse(rq, 400, "the request line is malformed");
	if (target.at + target.len == end)
		return refuse_versionless(rq, target);
	if (target.at[target.len] != ' ')
		return request_refuse(rq, 400, "the target holds a byte no target may hold");

	const char *version = target.at + target.len + 1;
	if (!read_version(rq, slice_of(version, (size_t)(end - version)), version_at))
		return false;
	if (!is_known)
		return request_refuse(rq, 501, "the method is not known here");
	return read_target(rq, target);
}
