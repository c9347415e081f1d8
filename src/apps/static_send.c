/*
 * How a file goes out: whole, in part, in several parts, or not at all.
 * Runs in: leader, slot.
 */
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#include "static.h"
#include "static_conditions.h"
#include "static_labels.h"
#include "static_range.h"
#include "static_text.h"

#define BOUNDARY_BYTES 33 /* 32 digits and a NUL */

static void add_field(struct ltd_exchange *x, const char *name, const char *value)
{
	ltd_response_header(x, name, text_of(value));
}

/* What a 304 must say as a 200 would have (RFC 9110 15.4.5). */
static void add_cache_fields(struct ltd_exchange *x, const struct static_site *site,
			     const struct static_source *s)
{
	add_field(x, "ETag", s->labels->etag);
	if (site->cache_control[0])
		add_field(x, "Cache-Control", site->cache_control);
	if (s->varies)
		add_field(x, "Vary", "Accept-Encoding");
}

static void add_file_fields(struct ltd_exchange *x, const struct static_site *site,
			    const struct static_source *s)
{
	ltd_response_type(x, s->type->text);
	if (s->labels->modified[0])
		add_field(x, "Last-Modified", s->labels->modified);
	add_cache_fields(x, site, s);
	if (s->coding)
		add_field(x, "Content-Encoding", s->coding);
	if (site->ranges_max)
		add_field(x, "Accept-Ranges", "bytes");
}

/* After a failure the descriptor may be gone already: no more pieces then. */
static int send_piece(struct ltd_exchange *x, struct static_source *s, uint64_t first, uint64_t len)
{
	if (s->bytes)
		return ltd_response_write(x, s->bytes + first, len);
	s->is_given = true;
	return ltd_response_file(x, s->fd, (off_t)first, len);
}

static void send_whole(struct ltd_exchange *x, const struct static_site *site,
		       struct static_source *s)
{
	add_file_fields(x, site, s);
	send_piece(x, s, 0, s->size);
}

#define CONTENT_RANGE_BYTES 72 /* "bytes " and three numbers */

static const char *content_range(char out[CONTENT_RANGE_BYTES], const struct static_range *r,
				 uint64_t size)
{
	snprintf(out, CONTENT_RANGE_BYTES, "bytes %lu-%lu/%lu", r->first, r->first + r->len - 1,
		 size);
	return out;
}

static void send_part(struct ltd_exchange *x, const struct static_site *site,
		      struct static_source *s, const struct static_range *r)
{
	char text[CONTENT_RANGE_BYTES];

	ltd_response_status(x, 206);
	add_file_fields(x, site, s);
	add_field(x, "Content-Range", content_range(text, r, s->size));
	send_piece(x, s, r->first, r->len);
}

/* Nobody can have put it into the file on purpose. */
static int make_boundary(char out[BOUNDARY_BYTES])
{
	uint64_t half[2];

	if (getrandom(half, sizeof half, 0) != sizeof half)
		return -1;
	snprintf(out, BOUNDARY_BYTES, "%016lx%016lx", half[0], half[1]);
	return 0;
}

/* multipart/byteranges (RFC 9110 14.6). */
static void send_parts(struct ltd_exchange *x, const struct static_site *site,
		       struct static_source *s, const struct static_ranges *ranges)
{
	char boundary[BOUNDARY_BYTES], text[CONTENT_RANGE_BYTES];
	char type[sizeof "multipart/byteranges; boundary=" + BOUNDARY_BYTES];

	if (make_boundary(boundary) < 0) {
		send_whole(x, site, s);
		return;
	}
	ltd_response_status(x, 206);
	add_file_fields(x, site, s);
	snprintf(type, sizeof type, "multipart/byteranges; boundary=%s", boundary);
	add_field(x, "Content-Type", type);
	for (size_t i = 0; i < ranges->count; i++) {
		const struct static_range *r = &ranges->at[i];

		ltd_response_printf(x, "%s--%s\r\nContent-Type: %s\r\nContent-Range: %s\r\n\r\n",
				    i ? "\r\n" : "", boundary, s->type->text,
				    content_range(text, r, s->size));
		if (send_piece(x, s, r->first, r->len) < 0)
			return;
	}
	ltd_response_printf(x, "\r\n--%s--\r\n", boundary);
}

static void refuse_ranges(struct ltd_exchange *x, const struct static_source *s)
{
	char text[CONTENT_RANGE_BYTES];

	ltd_response_error(x, 416, "the file has %lu bytes", s->size);
	snprintf(text, sizeof text, "bytes */%lu", s->size);
	add_field(x, "Content-Range", text);
}

/* Ranges are for GET alone (RFC 9110 14.2). */
static void send_ranges(struct ltd_exchange *x, const struct static_site *site,
			struct static_source *s, const struct static_asked *asked, int64_t now_s)
{
	struct static_validators v = static_labels_validators(s->labels);
	enum static_range_verdict verdict = STATIC_RANGE_WHOLE;
	struct static_ranges ranges;

	if (asked->range.at && text_eq(ltd_request_method(x), LTD_SLICE("GET")) &&
	    static_conditions_range(asked, &v, now_s))
		verdict = static_ranges_read(&ranges, asked->range, s->size, site->ranges_max);
	if (verdict == STATIC_RANGE_WHOLE)
		send_whole(x, site, s);
	else if (verdict == STATIC_RANGE_NONE)
		refuse_ranges(x, s);
	else if (ranges.count == 1)
		send_part(x, site, s, &ranges.at[0]);
	else
		send_parts(x, site, s, &ranges);
}

/*
 * Not sent, but known to those who compress: what the 200 would be, and whether they would have
 * changed it.  They leave alone what has a coding already and what is sent from the disk.
 */
static const char *type_of_not_modified(const struct static_source *s)
{
	return s->bytes && !s->coding ? s->type->text : "application/octet-stream";
}

void static_send(struct ltd_exchange *x, const struct static_site *site, struct static_source *s,
		 const struct static_asked *asked, int64_t now_s)
{
	struct static_validators v = static_labels_validators(s->labels);

	switch (static_conditions_check(asked, &v, now_s)) {
	case STATIC_CONDITION_HOLDS:
		send_ranges(x, site, s, asked, now_s);
		break;
	case STATIC_CONDITION_NOT_MODIFIED:
		ltd_response_status(x, 304);
		ltd_response_type(x, type_of_not_modified(s));
		add_cache_fields(x, site, s);
		break;
	case STATIC_CONDITION_FAILED:
		ltd_response_error(x, 412, "the file is not as expected");
		break;
	}
}
