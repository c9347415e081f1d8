/* The header fields the server itself obeys.  Runs in: leader. */
#include "http/fields.h"

#include "http/chars.h"
#include "http/forwarded.h"
#include "http/uri.h"

#define ROOM_FIRST 16 /* fields a table begins with */

/*
 * RFC 9112 3.2: one, and sound.  An empty one makes the target an http URI without a host
 * (RFC 9112 3.3), which is to be refused (RFC 9110 4.2.1); in HTTP/1.0 it is like none at all, and
 * beside absolute-form it is ignored.
 */
static bool take_host(struct request *rq, struct ltd_slice value)
{
	if (rq->seen & SEEN_HOST)
		return request_refuse(rq, 400, "more than one Host field");
	rq->seen |= SEEN_HOST;
	if (value.len == 0 && rq->version >= 11 && !rq->host_of_target)
		return request_refuse(rq, 400, "the Host field is empty");
	if (value.len > 0 && !uri_authority_is_valid(value))
		return request_refuse(rq, 400, "the Host field is malformed");
	if (!rq->host_of_target)
		rq->host = rq->fields[rq->field_count - 1].value;
	return true;
}

/* RFC 9110 8.6.  A list of equal numbers might be taken for one; it is not (RFC 9112 6.3). */
static bool take_length(struct request *rq, struct ltd_slice value)
{
	if (rq->has_length)
		return request_refuse(rq, 400, "more than one Content-Length field");
	if (!slice_to_u64(value, &rq->content_length))
		return request_refuse(rq, 400,
				      "the Content-Length is no number, or too large a one");
	rq->has_length = true;
	return true;
}

/*
 * transfer-coding = token *( OWS ";" OWS transfer-parameter ), of which `chunked` has none
 * (RFC 9112 7).  False if it is no such thing.
 */
static bool take_one_coding(struct request *rq, struct ltd_slice coding)
{
	size_t len = chars_span(coding, CHAR_TOKEN);
	struct ltd_slice rest = slice_trim(slice_of(coding.at + len, coding.len - len));
	bool is_chunked = slice_eq_nocase(slice_of(coding.at, len), LTD_SLICE("chunked"));

	if (len == 0 || (rest.len > 0 && (rest.at[0] != ';' || is_chunked)))
		return false;
	if (rq->is_chunked)
		rq->seen |= SEEN_BEHIND_CHUNKED;
	else if (is_chunked)
		rq->is_chunked = true;
	else
		rq->seen |= SEEN_OTHER_CODING;
	return true;
}

/*
 * One list, perhaps over several fields (RFC 9110 5.3).  What is malformed is refused at once;
 * the rest is judged when all fields are there, so that their order makes no difference.
 */
static bool take_coding(struct request *rq, struct ltd_slice value)
{
	struct ltd_slice coding;

	rq->seen |= SEEN_CODING;
	while (slice_cut(&value, ',', &coding))
		if (!take_one_coding(rq, slice_trim(coding)))
			return request_refuse(rq, 400, "the Transfer-Encoding is malformed");
	return true;
}

/* Nothing but `chunked`, once, alone (RFC 9112 6.1, 6.3). */
static bool judge_coding(struct request *rq)
{
	if (!(rq->seen & SEEN_CODING))
		return true;
	if (rq->has_length)
		return request_refuse(rq, 400, "both Content-Length and Transfer-Encoding");
	if (rq->version < 11)
		return request_refuse(rq, 400, "Transfer-Encoding in HTTP/1.0");
	if (rq->seen & SEEN_BEHIND_CHUNKED)
		return request_refuse(rq, 400, "chunked more than once, or not the last coding");
	if (rq->seen & SEEN_OTHER_CODING)
		return request_refuse(rq, 501, "no transfer coding but chunked is known here");
	return true;
}

/* A list of tokens, perhaps over several fields (RFC 9110 7.6.1). */
static bool take_connection(struct request *rq, struct ltd_slice value)
{
	struct ltd_slice option;

	while (slice_cut(&value, ',', &option)) {
		option = slice_trim(option);
		if (slice_eq_nocase(option, LTD_SLICE("close")))
			rq->seen |= SEEN_CLOSE;
		else if (slice_eq_nocase(option, LTD_SLICE("keep-alive")))
			rq->seen |= SEEN_KEEP_ALIVE;
	}
	return true;
}

/* RFC 9110 10.1.1: in HTTP/1.0 the expectation of a 100 is to be ignored. */
static bool take_expect(struct request *rq, struct ltd_slice value)
{
	struct ltd_slice member;

	while (slice_cut(&value, ',', &member)) {
		member = slice_trim(member);
		if (member.len == 0)
			continue;
		if (!slice_eq_nocase(member, LTD_SLICE("100-continue")))
			return request_refuse(rq, 417,
					      "no expectation but 100-continue is met here");
		rq->expects_continue = rq->version >= 11;
	}
	return true;
}

static bool take_type(struct request *rq, struct ltd_slice value)
{
	(void)value;
	if (rq->seen & SEEN_TYPE)
		return request_refuse(rq, 400, "more than one Content-Type field");
	rq->seen |= SEEN_TYPE;
	return true;
}

struct special {
	struct ltd_slice name;
	bool (*take)(struct request *rq, struct ltd_slice value);
	bool frames; /* has no business in a trailer */
};

/* No two of these names are of one length. */
#define SPECIAL_MAX 17
#define SPECIAL(text, take, frames) \
	[sizeof(text) - 1] = { { text, sizeof(text) - 1 }, take, frames }

static const struct special specials[SPECIAL_MAX + 1] = {
	SPECIAL("host", take_host, true),
	SPECIAL("expect", take_expect, false),
	SPECIAL("connection", take_connection, false),
	SPECIAL("content-type", take_type, false),
	SPECIAL("content-length", take_length, true),
	SPECIAL("transfer-encoding", take_coding, true),
};

static const struct special *find_special(struct ltd_slice name)
{
	const struct special *s = name.len <= SPECIAL_MAX ? &specials[name.len] : NULL;

	return s && s->take && slice_eq_nocase(s->name, name) ? s : NULL;
}

bool fields_allow_trailer(struct ltd_slice name)
{
	const struct special *s = find_special(name);

	return !s || !s->frames;
}

static bool grow(struct request *rq)
{
	uint32_t room = rq->field_room ? rq->field_room * 2 : ROOM_FIRST;
	struct field *fields = arena_grow(rq->arena, rq->fields, rq->field_room * sizeof *fields,
					  room * sizeof *fields);

	if (!fields)
		return request_refuse(rq, 503, "no memory for the fields");
	rq->fields = fields;
	rq->field_room = room;
	return true;
}

/* X_Y and X-Y are one variable to CGI and its heirs, so a client could overwrite a proxy's word. */
static bool take_underscore(struct request *rq, enum underscores how)
{
	if (how == UNDERSCORES_REFUSED)
		return request_refuse(rq, 400, "an underscore in a field's name");
	rq->is_dropping = how == UNDERSCORES_DROPPED;
	rq->dropped_count += rq->is_dropping;
	return true;
}

bool fields_add_name(struct request *rq, struct ltd_slice name, const struct limits *limits)
{
	if (rq->field_count + rq->dropped_count >= limits->fields)
		return request_exceed(rq, LIMIT_FIELDS);
	rq->is_dropping = false;
	if (memchr(name.at, '_', name.len) && !take_underscore(rq, limits->underscores))
		return false;
	if (rq->is_dropping)
		return true;
	if (rq->field_count == rq->field_room && !grow(rq))
		return false;
	rq->fields[rq->field_count++] = (struct field){
		.name = { (uint32_t)(name.at - rq->base), (uint32_t)name.len },
	};
	return true;
}

bool fields_add_value(struct request *rq, struct ltd_slice value)
{
	if (rq->is_dropping)
		return true;

	struct field *f = &rq->fields[rq->field_count - 1];
	value = slice_trim(value);
	f->value = (struct span){ (uint32_t)(value.at - rq->base), (uint32_t)value.len };

	const struct special *s = find_special(request_slice(rq, f->name));
	return s ? s->take(rq, value) : true;
}

bool fields_finish(struct request *rq, const struct limits *limits)
{
	if (!judge_coding(rq))
		return false;
	if (rq->version >= 11 && !(rq->seen & SEEN_HOST))
		return request_refuse(rq, 400, "HTTP/1.1 without a Host field");
	if (rq->has_length && rq->content_length > limits->body_bytes)
		return request_exceed(rq, LIMIT_BODY);
	rq->keep_alive =
		!(rq->seen & SEEN_CLOSE) && (rq->version >= 11 || rq->seen & SEEN_KEEP_ALIVE);
	return !rq->peer_is_proxy || forwarded_read(rq, limits);
}
