/* Serving the page.  Runs in: the statistics process's leader. */
#include "proc/page.h"

#include <stdio.h>

#include <littled/request.h>

#include "base/slice.h"
#include "http/accept_encoding.h"
#include "http/exchange.h"

extern const char page_html[], page_html_end[];
extern const char page_gzip[], page_gzip_end[];
extern const char page_policy[], page_policy_end[];
extern const char page_tag[], page_tag_end[];

#define BYTES_OF(name) slice_of(name, (size_t)(name##_end - name))

#define TAG_BYTES 80

/* A strong one (RFC 9110 8.8.3): the two codings are different bytes. */
static struct ltd_slice tag_of(bool is_packed, char out[TAG_BYTES])
{
	struct ltd_slice tag = BYTES_OF(page_tag);
	int n = snprintf(out, TAG_BYTES, "\"%.*s%s\"", (int)tag.len, tag.at, is_packed ? "-gz" : "");

	return slice_of(out, (size_t)n);
}

/* If-None-Match (RFC 9110 13.1.2), compared weakly.  Our tags have no comma in them. */
static bool has_it(struct ltd_slice list, struct ltd_slice tag)
{
	struct ltd_slice one;

	while (slice_cut(&list, ',', &one)) {
		one = slice_trim(one);
		if (slice_starts_with(one, LTD_SLICE("W/")))
			one = slice_of(one.at + 2, one.len - 2);
		if (slice_eq(one, tag) || slice_eq(one, LTD_SLICE("*")))
			return true;
	}
	return false;
}

int page_answer(struct ltd_exchange *x)
{
	bool is_packed = accepts_gzip(&((const struct exchange *)(const void *)x)->request);
	char tag_text[TAG_BYTES];
	struct ltd_slice tag = tag_of(is_packed, tag_text);
	struct ltd_slice page = is_packed ? BYTES_OF(page_gzip) : BYTES_OF(page_html);

	ltd_response_header(x, "ETag", tag);
	ltd_response_header(x, "Vary", LTD_SLICE("Accept-Encoding"));
	ltd_response_header(x, "Cache-Control", LTD_SLICE("no-cache")); /* keep it, but ask */
	ltd_response_header(x, "Content-Security-Policy", BYTES_OF(page_policy));
	ltd_response_header(x, "X-Content-Type-Options", LTD_SLICE("nosniff"));
	ltd_response_header(x, "Referrer-Policy", LTD_SLICE("no-referrer"));
	if (has_it(ltd_request_header(x, "If-None-Match"), tag)) {
		ltd_response_status(x, 304);
		return 0;
	}
	if (is_packed)
		ltd_response_header(x, "Content-Encoding", LTD_SLICE("gzip"));
	ltd_response_type(x, "text/html; charset=utf-8");
	ltd_response_body(x, page.at, page.len);
	return 0;
}
