/*
 * The parser: the guard cuts lines, llhttp takes them apart, the callbacks judge the pieces.
 *
 *	LINE -> FIELDS -+-> BODY ----------------------------------+-> DONE
 *	                +-> CHUNK_SIZE -+-> CHUNK -> CHUNK_END -+  |
 *	                         ^      |                       |  |
 *	                         |      +-> TRAILERS -----------|--+
 *	                         +------------------------------+
 *
 * llhttp gets whole, clean lines only, in order, and chunk data; a chunk size without its
 * extensions; a version later than 1.1 as 1.1.  A body of known length is only counted.  What
 * llhttp thinks of the framing must be what the fields said, or the request is refused.
 *
 * Runs in: leader.  No sockets, no clock.
 */
#include "http/parser.h"

#include "http/fields.h"
#include "http/request_line.h"

/* --- what llhttp calls -------------------------------------------------------- */

static int on_name(llhttp_t *l, const char *at, size_t len)
{
	struct parser *p = l->data;
	struct ltd_slice name = slice_of(at, len);

	if (p->state == PARSER_TRAILERS) {
		if (fields_allow_trailer(name))
			return 0;
		request_refuse(p->request, 400, "a field in the trailers that belongs in the head");
		return -1;
	}
	return fields_add_name(p->request, name, p->limits) ? 0 : -1;
}

static int on_value(llhttp_t *l, const char *at, size_t len)
{
	struct parser *p = l->data;

	if (p->state == PARSER_TRAILERS || p->has_value)
		return 0;
	return fields_add_value(p->request, slice_of(at, len)) ? 0 : -1;
}

static int on_head(llhttp_t *l)
{
	struct parser *p = l->data;
	struct request *rq = p->request;

	/* An Upgrade nobody here wants changes nothing (RFC 9110 7.8). */
	l->upgrade = 0;
	rq->head_done = true;
	if (!fields_finish(rq, p->limits))
		return -1;
	/* llhttp 8.1 does not know `chunked` with a TAB behind it, which is legal (RFC 9110 5.5). */
	if (rq->is_chunked)
		l->flags |= F_CHUNKED;
	if ((l->flags & F_CHUNKED && !rq->is_chunked) || l->content_length != rq->content_length) {
		request_refuse(rq, 400, "the framing is ambiguous");
		return -1;
	}
	return 0;
}

static int on_chunk_header(llhttp_t *l)
{
	struct parser *p = l->data;

	p->left = l->content_length;
	if (p->left <= p->limits->body_bytes - request_body_length(p->request))
		return 0;
	request_exceed(p->request, LIMIT_BODY);
	return -1;
}

static int on_body(llhttp_t *l, const char *at, size_t len)
{
	struct parser *p = l->data;

	buf_append(&p->request->chunked, at, len);
	if (!p->request->chunked.is_short)
		return 0;
	request_refuse(p->request, 503, "no memory for the body");
	return -1;
}

static int on_whole(llhttp_t *l)
{
	struct parser *p = l->data;

	p->is_whole = true;
	return 0;
}

static const llhttp_settings_t settings = {
	.on_header_field = on_name,
	.on_header_value = on_value,
	.on_headers_complete = on_head,
	.on_chunk_header = on_chunk_header,
	.on_body = on_body,
	.on_message_complete = on_whole,
};

/* --- feeding it ------------------------------------------------------------------ */

static bool feed(struct parser *p, const char *at, size_t len)
{
	if (len == 0 || llhttp_execute(&p->llhttp, at, len) == HPE_OK)
		return true;
	/* Unless a callback has given a better reason. */
	return request_refuse(p->request, 400, llhttp_get_error_reason(&p->llhttp));
}

/* Gives llhttp the lines up to `end`. */
static bool feed_lines(struct parser *p, const char *base, size_t end)
{
	size_t from = p->fed;

	p->fed = end;
	return feed(p, base + from, end - from);
}

static bool refuse_dirt(struct parser *p)
{
	return request_refuse(p->request, 400, "a control byte, or a line not ended by CRLF");
}

static inline size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

void parser_give_up(struct parser *p, const char *base, size_t len)
{
	struct ltd_slice sent = slice_of(base + p->guard.line_at, len - p->guard.line_at);

	if (p->state == PARSER_LINE)
		p->request->is_head = slice_starts_with(sent, LTD_SLICE("HEAD "));
}

/* --- one step a state: true to go on, false for want of bytes or a refusal ---------- */

static bool read_line(struct parser *p, const char *base, size_t len)
{
	struct ltd_slice line;
	size_t version_at, line_end;

	size_t max = smaller(p->limits->line_bytes, p->limits->head_bytes);

	switch (guard_line(&p->guard, base, len, max, &line)) {
	case GUARD_MORE:
		return false;
	case GUARD_DIRTY:
		parser_give_up(p, base, len);
		return refuse_dirt(p);
	case GUARD_TOO_LONG:
		parser_give_up(p, base, len);
		return request_exceed(p->request, LIMIT_LINE);
	case GUARD_LINE:
		break;
	}
	line_end = p->guard.line_at;
	if (line.len == 0) {
		p->fed = line_end;
		return ++p->empty_lines <= p->limits->empty_lines ||
		       request_exceed(p->request, LIMIT_EMPTY_LINES);
	}
	if (!request_line_read(p->request, line, &version_at))
		return false;
	p->state = PARSER_FIELDS;
	if (version_at == 0)
		return true;
	if (!feed_lines(p, base, version_at))
		return false;
	p->fed = line_end;
	return feed(p, "HTTP/1.1\r\n", 10);
}

/* How much of a section is left for the line being read. */
static size_t left_of(size_t section_bytes, size_t begun_at, const struct guard *g)
{
	size_t taken = g->line_at - begun_at;

	return taken < section_bytes ? section_bytes - taken : 0;
}

/* How long the next field line may be: trailers are bounded all together, and so is the head. */
static size_t field_max(const struct parser *p)
{
	const struct limits *l = p->limits;

	if (p->state == PARSER_TRAILERS)
		return left_of(l->trailer_bytes, p->trailer_at, &p->guard);
	return smaller(l->field_bytes, left_of(l->head_bytes, 0, &p->guard));
}

static bool refuse_field(struct parser *p, enum guard_verdict verdict)
{
	if (verdict != GUARD_TOO_LONG)
		return refuse_dirt(p);
	if (p->state == PARSER_TRAILERS)
		return request_exceed(p->request, LIMIT_TRAILERS);
	return request_exceed(p->request, field_max(p) < p->limits->field_bytes ? LIMIT_HEAD
										: LIMIT_FIELD_SIZE);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Folded (RFC 9112 5.2), or without a name. */
static bool is_bad_start(char c)
{
	return is_blank(c) || c == ':';
}

/*
 * A Content-Length with white space behind it, which may be a TAB (RFC 9110 5.5): llhttp 8.1 knows
 * none there, so it is given the line without.
 */
static bool feed_padded_length(struct parser *p, const char *base, struct ltd_slice line)
{
	struct ltd_slice value = line, name;
	const char *end = line.at + line.len;

	if (p->state == PARSER_TRAILERS || line.len == 0 || !is_blank(end[-1]) ||
	    !slice_cut(&value, ':', &name) || !slice_eq_nocase(name, LTD_SLICE("content-length")))
		return true;
	while (is_blank(end[-1]))
		end--;
	if (!feed_lines(p, base, (size_t)(end - base)))
		return false;
	p->fed = p->guard.line_at;
	p->has_value = true;
	bool is_sound = feed(p, "\r\n", 2);
	p->has_value = false;
	return is_sound;
}

/*
 * Moves over clean lines up to the empty one and gives them to llhttp; only then does it look
 * at what stopped it.  So the first thing wrong is what is told, whole or split.  True if the
 * empty line is behind it.
 */
static bool take_fields(struct parser *p, const char *base, size_t len)
{
	enum guard_verdict verdict;
	struct ltd_slice line;
	size_t line_at;
	bool is_bad;

	do {
		line_at = p->guard.line_at;
		verdict = guard_line(&p->guard, base, len, field_max(p), &line);
		is_bad = verdict == GUARD_LINE && line.len && is_bad_start(line.at[0]);
		if (verdict == GUARD_LINE && !feed_padded_length(p, base, line))
			return false;
	} while (verdict == GUARD_LINE && line.len && !is_bad);

	bool is_end = verdict == GUARD_LINE && !is_bad;
	if (!feed_lines(p, base, is_end ? p->guard.line_at : line_at))
		return false;
	if (is_bad)
		return request_refuse(p->request, 400, "a folded field, or one without a name");
	return is_end || (verdict != GUARD_MORE && refuse_field(p, verdict));
}

static bool read_fields(struct parser *p, const char *base, size_t len)
{
	if (!take_fields(p, base, len))
		return false;
	p->request->body_at = (uint32_t)p->guard.line_at;
	p->state = p->request->is_chunked ? PARSER_CHUNK_SIZE : PARSER_BODY;
	return true;
}

/* Of known length (RFC 9112 6.2): it stays where it is, but for what the conn has stored. */
static bool read_body(struct parser *p, const char *base, size_t len)
{
	const struct request *rq = p->request;
	uint64_t left = rq->content_length - rq->stored.bytes;

	(void)base;
	if (len - rq->body_at < left)
		return false;
	if (rq->content_length == 0 && !p->is_whole)
		return request_refuse(p->request, 400, "the framing is ambiguous");
	guard_skip(&p->guard, (size_t)left);
	p->state = PARSER_DONE;
	return true;
}

static bool read_chunk_size(struct parser *p, const char *base, size_t len)
{
	struct ltd_slice line;
	size_t digits, padding;

	switch (guard_line(&p->guard, base, len, GUARD_SIZE_DIGITS + p->ext_left, &line)) {
	case GUARD_MORE:
		return false;
	case GUARD_DIRTY:
		return refuse_dirt(p);
	case GUARD_TOO_LONG:
		return request_exceed(p->request, LIMIT_CHUNK_EXT);
	case GUARD_LINE:
		break;
	}
	if (!guard_chunk_size(line, &digits))
		return request_refuse(p->request, 400, "the chunk size is malformed");
	padding = line.len - smaller(digits, GUARD_SIZE_DIGITS);
	if (padding > p->ext_left)
		return request_exceed(p->request, LIMIT_CHUNK_EXT);
	p->ext_left -= padding;
	if (!feed(p, line.at, digits) || !feed(p, "\r\n", 2))
		return false;
	p->state = p->left ? PARSER_CHUNK : PARSER_TRAILERS;
	p->trailer_at = p->fed = p->guard.line_at;
	return true;
}

static bool read_chunk(struct parser *p, const char *base, size_t len)
{
	size_t n = len - p->guard.line_at;

	if (n > p->left)
		n = (size_t)p->left;
	if (!feed(p, base + p->guard.line_at, n))
		return false;
	guard_skip(&p->guard, n);
	p->left -= n;
	if (p->left > 0)
		return false;
	p->state = PARSER_CHUNK_END;
	return true;
}

static bool read_chunk_end(struct parser *p, const char *base, size_t len)
{
	struct ltd_slice line;
	enum guard_verdict verdict = guard_line(&p->guard, base, len, 0, &line);

	if (verdict == GUARD_MORE)
		return false;
	if (verdict != GUARD_LINE)
		return request_refuse(p->request, 400, "a chunk longer than its size");
	p->state = PARSER_CHUNK_SIZE;
	return feed(p, "\r\n", 2);
}

static bool read_trailers(struct parser *p, const char *base, size_t len)
{
	if (!take_fields(p, base, len))
		return false;
	if (!p->is_whole)
		return request_refuse(p->request, 400, "the framing is ambiguous");
	p->state = PARSER_DONE;
	return true;
}

typedef bool step_fn(struct parser *p, const char *base, size_t len);

static step_fn *const steps[PARSER_STATES] = {
	[PARSER_LINE] = read_line,         [PARSER_FIELDS] = read_fields,
	[PARSER_BODY] = read_body,         [PARSER_CHUNK_SIZE] = read_chunk_size,
	[PARSER_CHUNK] = read_chunk,       [PARSER_CHUNK_END] = read_chunk_end,
	[PARSER_TRAILERS] = read_trailers,
};

enum parse_verdict parser_feed(struct parser *p, const char *base, size_t len)
{
	struct request *rq = p->request;

	rq->base = base;
	while (!rq->refusal && p->state != PARSER_DONE && steps[p->state](p, base, len))
		;
	if (rq->refusal)
		return PARSE_REFUSED;
	if (p->state != PARSER_DONE) {
		p->seen = len;
		return PARSE_MORE;
	}
	p->seen = p->guard.line_at;
	return PARSE_DONE;
}

size_t parser_droppable(const struct parser *p)
{
	bool in_chunks = p->state == PARSER_CHUNK_SIZE || p->state == PARSER_CHUNK ||
			 p->state == PARSER_CHUNK_END;

	return in_chunks ? p->guard.line_at - p->request->body_at : 0;
}

void parser_drop(struct parser *p, size_t bytes)
{
	p->seen -= bytes;
	if (p->state == PARSER_BODY)
		return; /* it is passed over at its end */
	p->guard.line_at -= bytes;
	p->guard.checked -= bytes;
}

/* --- life cycle --------------------------------------------------------------------- */

void parser_init(struct parser *p, struct request *rq, const struct limits *limits)
{
	llhttp_init(&p->llhttp, HTTP_REQUEST, &settings);
	p->llhttp.data = p;
	p->request = rq;
	p->limits = limits;
	p->seen = p->fed = p->trailer_at = 0;
	p->guard = (struct guard){ 0, 0 };
	p->left = 0;
	p->ext_left = limits->chunk_ext_bytes;
	p->state = PARSER_LINE;
	p->empty_lines = 0;
	p->is_whole = p->has_value = false;
}

bool parser_has_begun(const struct parser *p)
{
	return p->state != PARSER_LINE || p->guard.checked > p->guard.line_at || p->request->refusal;
}
